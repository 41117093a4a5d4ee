import type { ChaosReport } from './chaos/measure.js';
import type { SpeedReport } from './speed/measure.js';
import { chaosTable } from './chaos/section.js';
import { count, table } from './report/format.js';
import type { Machine } from './report/machine.js';
import { ceilingTable, coresTable, loadTable, otherTable } from './speed/section.js';
import type { Target } from './speed/targets.js';

/** One run of the bench. */
export interface BenchReport {
  readonly machine: Machine;
  readonly speed: SpeedReport | null;
  readonly chaos: ChaosReport | null;
  readonly targets: readonly Target[];
}

export const machineFacts = (machine: Machine): string =>
  [
    `${machine.cpu}, ${machine.cores} cores (${machine.cpuFeatures.join(', ')})`,
    `${count(machine.memoryBytes / 1e9)} GB of memory`,
    `Linux ${machine.kernel}`,
    `Node.js ${machine.node}`,
    `ONNX Runtime ${machine.onnxruntime}`,
    machine.date,
    `load average before the run ${machine.loadBefore.toFixed(2)}`,
  ].join('; ');

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

export function targetTable(targets: readonly Target[]): string {
  return table(
    ['target', 'wanted', 'measured', 'reached'],
    targets.map(({ what, wanted, measured, reached }) => [
      what,
      wanted,
      measured,
      reached ? 'yes' : '**no**',
    ]),
  );
}

function speedSections(speed: SpeedReport): string[] {
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

/** The report as docs/benchmarks.md has it. */
export function toMarkdown({ machine, speed, chaos, targets }: BenchReport): string {
  return [
    '# Benchmarks',
    'Written by `npm run bench -- --all`; do not edit. `npm run bench` leaves the faults out.',
    `${machineFacts(machine)}.`,
    '## Targets',
    targetTable(targets),
    ...(speed === null ? [] : speedSections(speed)),
    ...(chaos === null ? [] : ['## Faults', chaosTable(chaos)]),
  ]
    .join('\n\n')
    .concat('\n');
}
