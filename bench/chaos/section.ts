import { count, ms, table } from '../report/format.js';
import type { Target } from '../report/section.js';
import { failures, type Outcome } from './faults.js';
import type { ChaosReport } from './measure.js';

export function chaosTargets({ kill, stop, end }: ChaosReport): Target[] {
  const stopBad = failures(stop) - (stop.byStatus[504] ?? 0);
  const endBad = failures(end);
  return [
    {
      what: `kill -9 of a random worker every 2 s for ${kill.seconds} s`,
      wanted: '0 failed requests',
      measured: `${count(failures(kill))} of ${count(kill.answered)}; ${kill.kills} kills`,
      reached: failures(kill) === 0 && kill.wholeAgainMs !== null,
    },
    {
      what: 'SIGSTOP of a worker',
      wanted: 'answered elsewhere or 504, the pool whole again',
      measured: `${count(stop.byStatus[504] ?? 0)} × 504, ${count(stopBad)} failed otherwise; ${recovery(stop.wholeAgainMs)}`,
      reached: stopBad === 0 && stop.wholeAgainMs !== null,
    },
    {
      what: 'SIGTERM under load',
      wanted: '0 dropped, exit code 0, no orphans',
      measured: `${count(endBad)} dropped or failed, exit code ${String(end.exitCode)}, ${count(end.orphans)} orphans`,
      reached: endBad === 0 && end.exitCode === 0 && end.orphans === 0,
    },
  ];
}

const recovery = (wholeAgainMs: number | null): string =>
  wholeAgainMs === null ? 'the pool did not recover' : `whole after ${ms(wholeAgainMs)}`;

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
