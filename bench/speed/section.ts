import { CONNECTIONS, TARGET_CONNECTIONS, VERSIONS, type Version } from '../base/plan.js';
import { count, megabytes, ms, ratio, table } from '../report/format.js';
import type { SpeedReport } from './measure.js';
import type { LoadSummary, VersionSummary } from './summary.js';

const loadCells = ({ requestsPerS, p50Ms, p95Ms, p99Ms }: LoadSummary): string[] => [
  count(requestsPerS),
  ms(p50Ms),
  ms(p95Ms),
  ms(p99Ms),
];

function baselineRow(version: Version, { baseline, ceilingTextsPerS }: VersionSummary): string[] {
  return [
    `baseline, ${version}: batch 1, one process, default threads and session`,
    String(TARGET_CONNECTIONS),
    ...loadCells(baseline),
    ratio(baseline.requestsPerS / ceilingTextsPerS),
    '',
    count(baseline.failed),
  ];
}

function serviceRows(version: Version, { loads }: VersionSummary): string[][] {
  return CONNECTIONS.map((connections) => {
    const load = loads[connections];
    return [
      `Serin, ${version}`,
      String(connections),
      ...loadCells(load),
      ratio(load.ratio),
      `${ratio(load.lowestRatio)} to ${ratio(load.highestRatio)}`,
      count(load.failed),
    ];
  });
}

/** POST /predict, the baseline first. */
function loadTable({ speed }: SpeedReport): string {
  return table(
    [
      'POST /predict',
      'connections',
      'requests/s',
      'p50',
      'p95',
      'p99',
      'of the ceiling',
      'lowest to highest',
      'failed',
    ],
    [
      ...VERSIONS.map((version) => baselineRow(version, speed[version])),
      ...VERSIONS.flatMap((version) => serviceRows(version, speed[version])),
    ],
  );
}

function ceilingTable({ speed }: SpeedReport): string {
  return table(
    ['the model alone', 'two processes, sorted batches', 'one process, one text per run', 'p50 of one text'],
    VERSIONS.map((version) => {
      const { ceilingTextsPerS, rawSingleTextsPerS, rawSingleP50Ms } = speed[version];
      return [
        version,
        `${count(ceilingTextsPerS)} texts/s`,
        `${count(rawSingleTextsPerS)} texts/s`,
        ms(rawSingleP50Ms),
      ];
    }),
  );
}

/** Where the processor time went. */
function coresTable({ speed }: SpeedReport): string {
  return table(
    ['cores used', 'connections', 'workers', 'main process', 'wrk'],
    VERSIONS.flatMap((version) =>
      CONNECTIONS.map((connections) => {
        const { workerCores, mainCores, generatorCores } = speed[version].loads[connections];
        return [version, String(connections), ratio(workerCores), ratio(mainCores), ratio(generatorCores)];
      }),
    ),
  );
}

function otherTable({ startMs, startsMs, memory, live }: SpeedReport): string {
  return table(
    ['', 'measured'],
    [
      [
        'start to ready, both versions answering',
        `${ms(startMs)} (median of ${startsMs.length}; ${ms(Math.min(...startsMs))} to ${ms(Math.max(...startsMs))})`,
      ],
      [
        'memory after the load (PSS)',
        `${megabytes(memory.totalBytes)}: main ${megabytes(memory.mainBytes)}, workers ${memory.workersBytes.map(megabytes).join(', ')}`,
      ],
      ...VERSIONS.map((version) => {
        const { probes, p50Ms, p99Ms, maxMs } = live[version];
        return [
          `GET /health/live while ${TARGET_CONNECTIONS} connections saturate ${version}`,
          `p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)}, longest ${ms(maxMs)} (${count(probes)} probes)`,
        ];
      }),
    ],
  );
}

function method({ plan }: SpeedReport): string {
  return `Only ratios within one run mean anything, for the machine's speed changes from minute to minute. So ceiling,
service and baseline take turns, ${plan.rounds} rounds of ${plan.loadS} s per load and ${plan.ceilingMs / 1000} s per ceiling; figures are medians over
the rounds, and each ratio is that of a load to the ceilings just before and just after it.

- **Ceiling**: two bare processes with one thread each, the session options and the token budget of the version's
  manifest, tensors made beforehand, batches cut from all texts sorted by length. No queue can choose as well.
- **Service**: \`serin serve\` with its default settings but without its cache (\`CACHE_MAX_ITEMS=0\`), its log written to a
  file. wrk with one thread sends one text per POST /predict in a closed loop, on the same cores. Each text is sent once:
  a sentence of SST-2 dev with every word exchanged for a random one of as many tokens (25 tokens on average, 5 to 60).
- **Baseline**: what one writes first: node:http and the model in one process, a run per request, default threads and
  session options, at 32 connections.
- **Memory**: proportional set size of the process tree after all loads, when the raw processes have ended.
- **/health/live**: asked 50 times a second by a process of its own, by the clock.`;
}

/** The sections of docs/benchmarks.md about the service's speed. */
export function speedParts(speed: SpeedReport): string[] {
  return [
    '## Method',
    method(speed),
    '## Requests',
    loadTable(speed),
    '## The ceiling',
    ceilingTable(speed),
    '## Where the processor time goes',
    coresTable(speed),
    '## Start, memory, liveness',
    otherTable(speed),
  ];
}
