import { TARGET_CONNECTIONS } from '../base/plan.js';
import { median } from '../base/statistics.js';
import { count, ms, ratio, table } from '../report/format.js';
import type { Machine } from '../report/machine.js';
import { noneFailed, sectionOf, targetTable, type Target } from '../report/section.js';
import type { ComparisonCost, UserLatency } from './comparison-cost.js';
import { CANARY_PERCENT } from './plan.js';
import type { RollbackOutcome } from './rollback-outcome.js';

/** The most that the p99 of users may grow with the comparison: a factor. */
const P99_RATIO_LIMIT = 1.1;

/** How long after the answer to a rollback an answer of the canary may still come. */
const DRAIN_LIMIT_MS = 100;

type Rollbacks = readonly RollbackOutcome[];

const sum = (rollbacks: Rollbacks, of: (outcome: RollbackOutcome) => number): number =>
  rollbacks.reduce((total, outcome) => total + of(outcome), 0);

const most = (rollbacks: Rollbacks, of: (outcome: RollbackOutcome) => number): number =>
  Math.max(...rollbacks.map(of));

export function costTargets({ p99Ratio, without, with: compared }: ComparisonCost): Target[] {
  const failed = without.failed + compared.failed;
  return [
    {
      what: 'p99 of user requests with the comparison over that without',
      wanted: `at most ${ratio(P99_RATIO_LIMIT)}`,
      measured: ratio(p99Ratio),
      reached: p99Ratio <= P99_RATIO_LIMIT,
    },
    noneFailed('requests without a good answer', failed),
  ];
}

export function rollbackTargets(rollbacks: Rollbacks): Target[] {
  const late = sum(rollbacks, ({ canaryAfter }) => canaryAfter);
  const after = sum(rollbacks, (outcome) => outcome.after);
  const drainedMs = most(rollbacks, (outcome) => outcome.drainedMs);
  const failed = sum(rollbacks, (outcome) => outcome.failed);
  return [
    {
      what: 'requests sent after the answer to a rollback that the canary served',
      wanted: '0',
      measured: `${count(late)} of ${count(after)}`,
      reached: late === 0 && after > 0,
    },
    {
      what: 'the last answer of the canary, after the answer to the rollback',
      wanted: `at most ${ms(DRAIN_LIMIT_MS)}`,
      measured: ms(drainedMs),
      reached: drainedMs <= DRAIN_LIMIT_MS,
    },
    noneFailed('requests without a good answer around rollbacks', failed),
  ];
}

export const rolloutTargets = (cost: ComparisonCost, rollbacks: Rollbacks): Target[] => [
  ...costTargets(cost),
  ...rollbackTargets(rollbacks),
];

/** The condition for exit code 0, on any machine: users are answered, and something was compared. */
export const comparisonIsRight = ({ without, with: compared }: ComparisonCost): boolean =>
  without.failed + compared.failed === 0 && compared.pairsPerS > 0 && without.pairsPerS === 0;

/** The condition for exit code 0, on any machine: the canary answered users before a rollback, and none after it. */
export const rollbacksAreRight = (rollbacks: Rollbacks): boolean =>
  rollbacks.every(
    ({ canaryBefore, after, canaryAfter, failed }) =>
      canaryBefore > 0 && after > 0 && canaryAfter === 0 && failed === 0,
  );

function costTable({ without, with: compared }: ComparisonCost): string {
  const row = (name: string, { requests, failed, p50Ms, p99Ms, pairsPerS }: UserLatency): string[] => [
    name,
    count(requests),
    count(failed),
    ms(p50Ms),
    ms(p99Ms),
    pairsPerS.toFixed(1),
  ];
  return table(
    ['users', 'requests', 'failed', 'p50', 'p99', 'pairs/s'],
    [row('without the comparison', without), row('with it', compared)],
  );
}

function costMethod({ plan, capacityPerS, loadPerS, roundRatios, medianRoundRatio }: ComparisonCost): string {
  const [lowest, highest] = [Math.min(...roundRatios), Math.max(...roundRatios)];
  return `Two services with default settings, v1 stable and v2 canary for ${CANARY_PERCENT} % of the texts, differ in this alone: one
compares (\`sample_percent: 100\`, the default budget of 2 % of the workers' time), the other does not
(\`sample_percent: 0\`). In one run they take turns, ${plan.rounds} rounds of ${plan.loadS} s each, in changing order. The load is an open
loop of ${count(loadPerS)} requests/s at random moments, half of what the service answers at 32 connections
(${count(capacityPerS)} requests/s); latency counts from the moment that a request was due. Each text is sent once to each. Of single rounds
the ratio of the p99 is ${ratio(medianRoundRatio)} in the median, ${ratio(lowest)} to ${ratio(highest)}.`;
}

function rollbackMethod(rollbacks: Rollbacks): string {
  return `A service with default settings, v1 stable and v2 canary for ${CANARY_PERCENT} % of the texts, at saturation: ${TARGET_CONNECTIONS} connections that
each send the next text, which no cache knows, when the answer has come. ${rollbacks.length} times in a row the canary is rolled back
by \`POST /admin/canary/{model}/rollback\`, and cleared and given its share again. Every request is looked at, by the clock of
the client, which sends the rollback too.`;
}

function rollbackTable(rollbacks: Rollbacks): string {
  const row = (name: string, figure: (of: (outcome: RollbackOutcome) => number) => number): string[] => [
    name,
    ms(figure(({ callMs }) => callMs)),
    count(figure(({ before, canaryBefore }) => (100 * canaryBefore) / before)),
    count(figure(({ after }) => after)),
    count(figure(({ canaryAfter }) => canaryAfter)),
    count(figure(({ inFlight }) => inFlight)),
    ms(figure(({ drainedMs }) => drainedMs)),
  ];
  return table(
    [
      'rollbacks',
      'the call took',
      'canary before, %',
      'requests after',
      'of the canary',
      'in flight at its answer',
      'the last came after',
    ],
    [row('median', (of) => median(rollbacks.map(of))), row('most', (of) => most(rollbacks, of))],
  );
}

/** The section of docs/benchmarks.md about rollouts. */
export function rolloutSection(cost: ComparisonCost, rollbacks: Rollbacks, machine: Machine): string {
  const costs = [costMethod(cost), costTable(cost)];
  const back = ['## Rollback under load', targetTable(rollbackTargets(rollbacks)), rollbackMethod(rollbacks)];
  return sectionOf('What the comparison costs users', '--rollout', machine, costTargets(cost), [
    ...costs,
    ...back,
    rollbackTable(rollbacks),
  ]);
}
