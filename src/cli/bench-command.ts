import { Option, type Command } from 'commander';
import { serviceUrlOf } from '../base/config/service-url.js';
import { listOf, percent, settingValue, type BenchFlags } from './bench-flags.js';
import { positiveNumber, serviceUrl, wholeNumber } from './service-flags.js';
import { addSettingFlags } from './setting-flags.js';

const HELP = `
What is measured
  Without --url a service is started for it: as configured here, on a free port,
  with a state of its own.
  Closed loop: each connection sends its next request when the answer has come;
  this finds what a service can do.
  Open loop: requests at random moments, so many a second, whatever becomes of
  the answers. A latency counts from the moment at which its request was to be
  sent, so that a service that stalls cannot hide it.
  From the service's own stages (server-timing) the report tells what latency is
  made of, at p50 and at p99.

Two settings, two runs
  serin bench --versus WORKERS=1
    (A as configured, B with one worker; they take turns)
  serin bench --setting WORKERS=1 --versus THREADS_PER_WORKER=2
  serin bench --out before
    (then change something, and)
  serin bench --against before/bench.json
    (the same loads again, compared with the earlier run)

Exit codes
  0   done
  1   requests failed or the generator was too slow to be trusted
  2   wrong usage or nothing to measure
  3   interrupted: the report is that of the rounds so far
  70  a fault of ours`;

/** `serin bench`: how fast a service answers under which load, and the stages of its latency. */
export function addBenchCommand(program: Command): void {
  const rate = positiveNumber(100_000);
  const connections = wholeNumber(1, 2_000);
  const command = program
    .command('bench')
    .summary(
      'measure latency under closed and open loads, what it is made of, and whether two settings differ',
    )
    .description(
      'Loads a service, running or started for it, and reports rates, latencies and their largest contributors; ' +
        'compares two settings, or this run with an earlier one, and says whether they differ beyond noise.',
    )
    .addOption(
      new Option(
        '--url [url]',
        'a running service; without an address SERIN_URL, or that of serin serve (default: one is started)',
      ).argParser(serviceUrl),
    )
    .option(
      '--rate <n,..>',
      'requests per second of the open loop (default: 25, 50 and 75 % of the capacity)',
      listOf(rate),
    )
    .option('--connections <n,..>', 'connections of the closed loop (default: 1,8,32)', listOf(connections))
    .addOption(new Option('--no-closed', 'leave out the closed loop').conflicts('connections'))
    .option('--seconds <n>', 'of each load, all rounds together (default: 12)', positiveNumber(86_400, 1))
    .option(
      '--rounds <n>',
      'parts of that time, in turn with the other loads (default: 6)',
      wholeNumber(1, 1_000),
    )
    .option('--warm-up <seconds>', 'sent before, and not counted (default: 2)', positiveNumber(3_600))
    .option('--hits <percent>', 'share of the requests that repeat a text', percent, 0)
    .option('--lengths <kind>', 'short, mixed, long, or a JSONL file with texts of your own', 'mixed')
    .option('--text-field <name>', 'key of the text in each object of that file', 'text')
    .option('--model <name>', "the model (default: the service's default model)")
    .option('--model-version <name>', 'the version, named in every request (default: the rollout picks)')
    .option(
      '--seed <n>',
      'of texts and moments (default: 1; with --url or a Redis another one each time)',
      wholeNumber(0, 4_294_967_295),
    )
    .option('--setting <NAME=VALUE>', 'of the service that is started; may be repeated', settingValue)
    .addOption(
      new Option(
        '--versus <NAME=VALUE>',
        'start a second service that has this too, and compare; may be repeated',
      )
        .argParser(settingValue)
        .conflicts(['against', 'url']),
    )
    .option(
      '--against <file>',
      'compare with the JSON report of an earlier run: the same loads, time and rounds',
    )
    .option('--api-key-file <file>', 'a file that holds the API key, where the service wants one')
    .option('--out <folder>', 'write bench.md, bench.json and charts there too')
    .option('--json', 'as one JSON document')
    .addHelpText('after', HELP);
  const settings = addSettingFlags(command, ['MODEL_REGISTRY', 'SERIN_CONFIG']);
  command.action(async ({ url, ...flags }: Omit<BenchFlags, 'url'> & { readonly url?: string | true }) => {
    const { runBench } = await import('./bench.js');
    await runBench({ ...flags, url: url === true ? serviceUrlOf() : url }, settings());
  });
}
