import type { ComparisonCost, UserLatency } from '../rollout/comparison-cost.js';
import { CANARY_PERCENT } from '../rollout/plan.js';
import { count, ms, ratio, table } from './format.js';
import type { Machine } from './machine.js';
import { machineFacts, targetTable } from './markdown.js';
import type { Target } from './targets.js';

/** What the comparison may add to the p99 of users. */
const P99_RATIO_LIMIT = 1.1;

export function rolloutTargets({ p99Ratio, without, with: compared }: ComparisonCost): Target[] {
  const failed = without.failed + compared.failed;
  return [
    {
      what: 'p99 of user requests with the comparison over that without',
      wanted: `at most ${ratio(P99_RATIO_LIMIT)}`,
      measured: ratio(p99Ratio),
      reached: p99Ratio <= P99_RATIO_LIMIT,
    },
    { what: 'requests without a good answer', wanted: '0', measured: count(failed), reached: failed === 0 },
  ];
}

/** What must hold on any machine: users are answered, and something was compared. */
export const comparisonIsRight = ({ without, with: compared }: ComparisonCost): boolean =>
  without.failed + compared.failed === 0 && compared.pairsPerS > 0 && without.pairsPerS === 0;

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

function method({ plan, capacityPerS, loadPerS, roundRatios, medianRoundRatio }: ComparisonCost): string {
  const [lowest, highest] = [Math.min(...roundRatios), Math.max(...roundRatios)];
  return `Two services with default settings, v1 stable and v2 canary for ${CANARY_PERCENT} % of the texts, differ in this alone: one
compares (\`sample_percent: 100\`, the default budget of 5 % of the workers' time), the other does not
(\`sample_percent: 0\`). In one run they take turns, ${plan.rounds} rounds of ${plan.loadS} s each, in changing order. The load is an open
loop of ${count(loadPerS)} requests/s at random moments, half of what the service answers at 32 connections
(${count(capacityPerS)} requests/s); latency counts from the moment that a request was due. Each text is sent once. Of single rounds
the ratio of the p99 is ${ratio(medianRoundRatio)} in the median, ${ratio(lowest)} to ${ratio(highest)}.`;
}

/** The section of docs/benchmarks.md about rollouts. */
export function rolloutSection(cost: ComparisonCost, machine: Machine): string {
  return [
    '## What the comparison costs users',
    'Written by `npm run bench -- --rollout`.',
    `${machineFacts(machine)}.`,
    targetTable(rolloutTargets(cost)),
    method(cost),
    costTable(cost),
  ]
    .join('\n\n')
    .concat('\n');
}
