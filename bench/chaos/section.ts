import type { ChaosReport } from './measure.js';
import type { Outcome } from './outcome.js';
import { count, ms, table } from '../report/format.js';

const statuses = ({ byStatus }: Outcome): string =>
  Object.entries(byStatus)
    .map(([status, answers]) => `${status}: ${count(answers)}`)
    .join(', ');

const dropped = (outcome: Outcome): string => {
  const drops = Object.entries(outcome.drops).map(([how, times]) => `${count(times)} × ${how}`);
  return drops.length === 0 ? '0' : drops.join(', ');
};

const cells = (outcome: Outcome): string[] => [
  statuses(outcome),
  dropped(outcome),
  count(outcome.refused),
  count(outcome.wrongLabels),
  outcome.maxScoreDifference.toExponential(1),
  ms(outcome.p50Ms),
  ms(outcome.p99Ms),
  ms(outcome.longestMs),
];

const recovered = (wholeAgainMs: number | null): string =>
  wholeAgainMs === null ? 'the pool did not recover' : `pool whole ${ms(wholeAgainMs)} later`;

export function chaosTable({ kill, stop, end }: ChaosReport): string {
  return table(
    [
      'under 32 connections',
      'answers',
      'dropped',
      'refused',
      'wrong labels',
      'score moved',
      'p50',
      'p99',
      'longest',
      '',
    ],
    [
      [`kill -9, ${kill.kills} times in ${kill.seconds} s`, ...cells(kill), recovered(kill.wholeAgainMs)],
      ['SIGSTOP of the busiest worker', ...cells(stop), recovered(stop.wholeAgainMs)],
      [
        'SIGTERM',
        ...cells(end),
        `${count(end.answeredAfterSignal)} answers after the signal; ended after ${ms(end.endedAfterMs)} with ${String(end.exitCode)}, ${count(end.orphans)} orphans`,
      ],
    ],
  );
}
