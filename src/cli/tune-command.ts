import type { Command } from 'commander';
import { loadConfig } from '../base/config/load-config.js';
import { positiveNumber } from './service-flags.js';
import { addSettingFlags } from './setting-flags.js';
import type { TuneFlags } from './tune.js';

const HELP = `
What it measures
  Real worker processes behind the service's own scheduler, without HTTP and
  cache: workers × threads, token budget and session options by successive
  halving in a closed loop, then the best in turn and under fixed rates. The
  queue limit follows from the rate and the time that a text may wait. Run it on
  the machine that is to serve, and let nothing else run there: docs/tune.md
  tells how to read it.

Exit codes
  0   done
  2   wrong usage or unusable input
  3   interrupted: the report is that of what was measured so far
  70  a fault of ours`;

/** `serin tune`: the settings that suit this machine and this version, measured. */
export function addTuneCommand(program: Command): void {
  const command = program
    .command('tune')
    .summary('measure which workers, threads, token budget and queue suit this machine')
    .description(
      'Measures settings on this machine within a time limit, explains the best, and writes them on demand.',
    )
    .argument('[model]', 'the model (default: the default model)')
    .option('--version <name>', 'the version (default: the stable one)')
    .option(
      '--slo-p95-ms <n>',
      'choose the most texts per second with a p95 within this',
      positiveNumber(3_600_000),
    )
    .option('--minutes <n>', 'time limit, a fraction if you like', positiveNumber(24 * 60, 0.1), 5)
    .option('--traffic <file>', "JSONL with the texts to send (default: the version's dev sentences)")
    .option('--text-field <name>', 'key of the text in each object', 'text')
    .option('--write <file>', 'put what was chosen into this configuration file; the rest of it stays')
    .option('--svg <file>', 'write the chart of throughput against p95 there')
    .option(
      '--full-grid',
      'also measure every setting, and tell what the choice loses against the best of them',
    )
    .option('--json', 'as one JSON document')
    .addHelpText('after', HELP);
  const settings = addSettingFlags(command, [
    'MODEL_REGISTRY',
    'WORKERS',
    'THREADS_PER_WORKER',
    'REQUEST_TIMEOUT_MS',
    'MAX_TEXTS',
    'WORKER_WATCHDOG_MS',
    'WORKER_MAX_RSS_BYTES',
    'SERIN_CONFIG',
  ]);
  command.action(async (model: string | undefined, flags: TuneFlags) => {
    const config = loadConfig({ flags: settings() });
    const { runTune } = await import('./tune.js');
    await runTune(config, model, flags);
  });
}
