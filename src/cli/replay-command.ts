import { Option, type Command } from 'commander';
import { loadConfig } from '../base/config/load-config.js';
import { SETTINGS } from '../base/config/settings.js';
import type { ReplayFlags } from './replay.js';
import { addUrlFlag, positiveNumber, wholeNumber } from './service-flags.js';
import { addSettingFlags } from './setting-flags.js';

const HELP = `
How requests are sent
  Without --rate and --speed each connection sends its next request when the
  answer has come: as fast as answered.
  --rate sends so many a second, --speed at the times of the trace; there a
  latency counts from the time at which the request should have left, so that a
  service that stalls cannot hide it. Each request is sent once, whatever comes.

A trace to try
  serin replay --sample zipf --n 50000 > trace.jsonl
  serin replay trace.jsonl --svg curve.svg

Exit codes
  0   every request was answered
  1   some were not
  2   wrong usage, unusable input or no service
  3   interrupted: the report is that of the requests so far
  70  a fault of ours`;

/** `serin replay`: the benefit of the cache on recorded traffic, and the size that it should have. */
export function addReplayCommand(program: Command): void {
  const command = addUrlFlag(
    program
      .command('replay')
      .summary('send recorded traffic to the running service; what its cache earns, and which size to choose')
      .description(
        'Sends the texts of a file to the running service, in order, and tells hit rate, latencies and errors; ' +
          'compares the cache with an ideal LRU on the same requests, and draws hit rate against size.',
      )
      .argument('[TRAFFIC]', 'JSONL file (also .gz) with one object per line; - for stdin'),
  )
    .addOption(
      new Option('--rate <n>', 'requests per second').argParser(positiveNumber(100_000)).conflicts('speed'),
    )
    .option('--speed <x>', 'at the times of the trace, x times as fast', positiveNumber(1_000_000))
    .option(
      '--connections <n>',
      'requests in flight at most (default: 8; 256 with --rate or --speed)',
      wholeNumber(1, 10_000),
    )
    .option('--text-field <name>', 'key of the text in each object', 'text')
    .option('--time-field <name>', 'key of the time: ISO 8601, or milliseconds since 1970', 'time')
    .option('--model <name>', "the model (default: the service's default model)")
    .option('--version <name>', 'the version, named in every request (default: the rollout picks)')
    .option('--limit <n>', 'send only the first n requests', wholeNumber(1, 100_000_000))
    .option(
      '--cache-items <n>',
      'size of the ideal LRU: CACHE_MAX_ITEMS of the service',
      wholeNumber(1, 100_000_000),
      SETTINGS.CACHE_MAX_ITEMS.default,
    )
    .option('--api-key-file <file>', 'a file that holds the API key, where the service wants one')
    .option('--svg <file>', 'write the curve there too')
    .option('--json', 'as one JSON document')
    .addOption(new Option('--sample <kind>', 'send nothing: write a trace to stdout').choices(['zipf']))
    .option('--n <n>', 'with --sample: requests of the trace', wholeNumber(1, 10_000_000), 50_000)
    .option('--exponent <s>', "with --sample: exponent of Zipf's law", positiveNumber(10), 1)
    .option('--seed <n>', 'with --sample: another seed is another trace', wholeNumber(0, 4_294_967_295), 1)
    .option(
      '--from <file>',
      "with --sample: JSONL with the texts to vary (default: the stable version's dev sentences)",
    )
    .addHelpText('after', HELP);
  const settings = addSettingFlags(command, ['MODEL_REGISTRY', 'SERIN_CONFIG']);
  command.action(async (input: string | undefined, flags: ReplayFlags) => {
    const { runReplayCommand, writeSample } = await import('./replay.js');
    if (flags.sample === undefined) await runReplayCommand(input, flags);
    else await writeSample(input, flags, () => loadConfig({ flags: settings() }));
  });
}
