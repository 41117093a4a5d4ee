import { Option, type Command } from 'commander';
import { loadConfig } from '../base/config/load-config.js';
import type { DrillFlags } from './canary-drill.js';
import { addAdminFlags, sharePercent } from './canary-flags.js';
import { positiveNumber, wholeNumber } from './service-flags.js';
import { addSettingFlags } from './setting-flags.js';

/** Shorter than this the rollback in the middle would be all of it. */
const LEAST_MINUTES = 0.1;

const HELP = `
The drill
  gives the canary its share, sends traffic, rolls back half-way, times that,
  begins again, and ends with a decision: promote, hold or roll back.
  Afterwards the canary is at 0 %, also after Ctrl-C; --keep leaves it at its
  share. The time of the drill stands for the step's hold time. Its decision is
  advice: serin canary promote is yours to say.

Exit codes of the drill
  0   promote
  1   hold or roll back
  2   it could not begin
  3   interrupted`;

/** `serin canary drill`. */
export function addDrillCommand(canary: Command): void {
  const command = addAdminFlags(
    canary
      .command('drill')
      .description('exercise a canary on the running service with replayed traffic, and decide')
      .argument('[model]', 'the model (default: the only one with a rollout)')
      .option('--minutes <n>', 'how long', positiveNumber(1440, LEAST_MINUTES), 30)
      .option('--percent <n>', 'share of the canary', sharePercent, 5)
      .option('--version <name>', 'the version to exercise (default: the canary of the rollout)')
      .option(
        '--traffic <file>',
        'JSONL with one object per line, sent again and again (default: a sample trace)',
      )
      .option('--text-field <name>', 'key of the text in each object', 'text')
      .option('--rate <n>', 'requests per second', positiveNumber(100_000), 20)
      .option('--connections <n>', 'requests in flight at most', wholeNumber(1, 10_000), 64)
      .option('--no-rollback', 'leave out the rollback in the middle')
      .option('--keep', 'leave the canary at its share')
      .option('--report-dir <folder>', 'where the report is written', '.')
      .option('--api-key-file <file>', 'a file that holds the API key, where the service wants one')
      .addOption(
        new Option('--seed <n>', 'of the sample trace').argParser(wholeNumber(0, 4_294_967_295)).default(1),
      ),
  ).addHelpText('after', HELP);
  const settings = addSettingFlags(command, ['MODEL_REGISTRY', 'SERIN_CONFIG']);
  command.action(async (model: string | undefined, flags: DrillFlags) => {
    const { drill } = await import('./canary-drill.js');
    await drill(model, flags, () => loadConfig({ flags: settings() }));
  });
}
