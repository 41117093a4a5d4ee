import { percent } from '../../src/base/format.js';
import { count, ms, table } from '../report/format.js';
import type { Machine } from '../report/machine.js';
import { noneFailed, sectionOf, type Target } from '../report/section.js';
import type { OpenLoopRun } from './measure.js';
import { HITS_PERCENT, type OpenLoopPlan } from './plan.js';
import type { BenchLoad, LatencyParts } from './serin-bench.js';

/** The share by which the sum of the service's stages may differ from its total at p50. */
const STAGES_TOLERANCE = 0.05;
const NAMED_CONTRIBUTORS = 3;

const NAMES: Readonly<Record<OpenLoopRun['kind'], string>> = {
  baseline: 'unoptimised baseline',
  cold: 'Serin, no cache',
  hits: `Serin, ${HITS_PERCENT} % hits`,
};

const loadsOf = (runs: readonly OpenLoopRun[]): readonly BenchLoad[] => runs.flatMap(({ loads }) => loads);

export function openLoopTargets(runs: readonly OpenLoopRun[]): Target[] {
  const shares = loadsOf(runs).flatMap(({ at_p50: parts }) =>
    parts?.stages_of_total == null ? [] : [parts.stages_of_total],
  );
  const failed = loadsOf(runs).reduce((sum, load) => sum + load.failed, 0);
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  return [
    {
      what: 'stages of the service, added up, of its total at p50, over all loads',
      wanted: `100 % ± ${100 * STAGES_TOLERANCE} %`,
      measured: shares.length === 0 ? 'no timings' : `${percent(least)} to ${percent(most)}`,
      reached: shares.length > 0 && shares.every((share) => Math.abs(share - 1) <= STAGES_TOLERANCE),
    },
    noneFailed('requests without a good answer', failed),
  ];
}

/** The condition for exit code 0, on any machine: every server answered under every load. */
export const openLoopIsRight = (runs: readonly OpenLoopRun[]): boolean =>
  runs.every(({ loads }) => loads.length > 0) &&
  loadsOf(runs).every(({ failed, latency }) => failed === 0 && latency !== null);

const latencyCells = ({ latency }: BenchLoad): string[] =>
  [latency?.p50_ms, latency?.p95_ms, latency?.p99_ms, latency?.p999_ms].map((value) =>
    value == null ? '-' : ms(value),
  );

const loadCell = ({ load }: BenchLoad): string =>
  load.kind === 'open' ? `open, ${count(load.ratePerS)}/s` : `closed, ${load.connections}`;

const trusted = ({ doubts }: BenchLoad): string => (doubts.length === 0 ? '' : ' \\*');

function latencyTable(runs: readonly OpenLoopRun[]): string {
  const rows = runs.flatMap(({ kind, version, loads }) =>
    loads.map((load) => [
      `${NAMES[kind]}, ${version}`,
      `${loadCell(load)}${trusted(load)}`,
      count(load.answered_per_s),
      ...latencyCells(load),
      load.late === null ? '' : ms(load.late.p99_ms),
      kind === 'hits' ? percent(load.hit_rate) : '',
      count(load.failed),
    ]),
  );
  const head = [
    'POST /predict',
    'load',
    'answered/s',
    'p50',
    'p95',
    'p99',
    'p99.9',
    'sent late, p99',
    'hits',
    'failed',
  ];
  return table(head, rows);
}

const contributors = (parts: LatencyParts | null): string =>
  (parts?.contributors ?? [])
    .slice(0, NAMED_CONTRIBUTORS)
    .map(({ name, ms: value, share }) => `${name} ${ms(value)} (${Math.round(100 * share)} %)`)
    .join(', ');

function contributorTable(runs: readonly OpenLoopRun[]): string {
  const rows = runs.flatMap(({ kind, version, loads }) =>
    loads.map((load) => [
      `${NAMES[kind]}, ${version}`,
      loadCell(load),
      contributors(load.at_p50),
      contributors(load.at_p99),
      load.at_p50?.stages_of_total == null ? '-' : percent(load.at_p50.stages_of_total),
    ]),
  );
  return table(
    ['POST /predict', 'load', 'top three at p50', 'top three at p99', 'stages of the total, p50'],
    rows,
  );
}

const method = ({ seconds, rounds, connections }: OpenLoopPlan): string =>
  `\`serin bench\` loads one server after the other: in a closed loop of ${connections} connections, and in an open loop at 25, 50 and
75 % of what that server answered there, ${seconds} s each in ${rounds} rounds. In the open loop requests are sent at random moments,
whatever becomes of the answers, and a latency counts from the moment at which its request was to be sent. The generator
runs on the same cores; how late it sent is told, is part of the latency, and is a contributor of its own. A load that is
marked \\* it disturbed so much that \`serin bench\` does not trust it. Texts are distinct but for the hits, which repeat one
of 200. The baseline is what one writes first (see above); it tells no stages.`;

/** The section of docs/benchmarks.md about latency under offered rates. */
export function openLoopSection(runs: readonly OpenLoopRun[], plan: OpenLoopPlan, machine: Machine): string {
  return sectionOf('Open loop', '--open-loop', machine, openLoopTargets(runs), [
    method(plan),
    latencyTable(runs),
    'Where the time goes: averages over the requests about each quantile, from the service’s own `server-timing`.',
    contributorTable(runs),
  ]);
}
