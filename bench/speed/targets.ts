import { failures } from '../chaos/outcome.js';
import type { ChaosReport } from '../chaos/measure.js';
import type { SpeedReport } from './measure.js';
import type { Connections, Version } from '../base/plan.js';
import { count, megabytes, ms, ratio } from '../report/format.js';

export interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly reached: boolean;
}

const SCORE_TOLERANCE = 1e-5;
const MEMORY_LIMIT_BYTES = 800e6;
const START_LIMIT_MS = 3_000;
const LIVE_P99_LIMIT_MS = 20;
/** What the service may add to a run of the model alone, at one connection. */
const OVERHEAD_LIMIT_MS = 0.7;
const P99_OVER_P50_LIMIT = 2;

/** Share of the ceiling; at 32 connections a queue offers fewer lengths to choose from than at 128. */
const RATIOS: readonly [Version, Connections, number][] = [
  ['v1', 32, 0.66],
  ['v1', 128, 0.75],
  ['v2', 32, 0.62],
  ['v2', 128, 0.7],
];

const BOTH: readonly Version[] = ['v1', 'v2'];

function ratioTarget({ speed }: SpeedReport, [version, connections, least]: (typeof RATIOS)[number]): Target {
  const measured = speed[version].loads[connections].ratio;
  return {
    what: `${version}: share of the ceiling at ${connections} connections`,
    wanted: `at least ${ratio(least)}`,
    measured: ratio(measured),
    reached: measured >= least,
  };
}

function tailTarget({ speed }: SpeedReport, version: Version): Target {
  const { p50Ms, p99Ms } = speed[version].loads[32];
  return {
    what: `${version}: p99 over p50 at 32 connections`,
    wanted: `at most ${ratio(P99_OVER_P50_LIMIT)}`,
    measured: ratio(p99Ms / p50Ms),
    reached: p99Ms <= P99_OVER_P50_LIMIT * p50Ms,
  };
}

function overheadTarget({ speed }: SpeedReport, version: Version): Target {
  const { overheadMs } = speed[version];
  return {
    what: `${version}: p50 at 1 connection over the raw latency of one text`,
    wanted: `at most ${ms(OVERHEAD_LIMIT_MS)}`,
    measured: ms(overheadMs),
    reached: overheadMs <= OVERHEAD_LIMIT_MS,
  };
}

function liveTarget({ live }: SpeedReport, version: Version): Target {
  const { p99Ms } = live[version];
  return {
    what: `GET /health/live p99 while ${version} is saturated`,
    wanted: `at most ${ms(LIVE_P99_LIMIT_MS)}`,
    measured: ms(p99Ms),
    reached: p99Ms <= LIVE_P99_LIMIT_MS,
  };
}

export function speedTargets(report: SpeedReport): Target[] {
  const { startMs, memory, consistency, failed } = report;
  return [
    ...RATIOS.map((target) => ratioTarget(report, target)),
    ...BOTH.map((version) => tailTarget(report, version)),
    ...BOTH.map((version) => overheadTarget(report, version)),
    {
      what: 'start to ready, both versions hot',
      wanted: `at most ${ms(START_LIMIT_MS)}`,
      measured: ms(startMs),
      reached: startMs <= START_LIMIT_MS,
    },
    {
      what: 'memory of all processes after the load (PSS)',
      wanted: `at most ${megabytes(MEMORY_LIMIT_BYTES)}`,
      measured: megabytes(memory.totalBytes),
      reached: memory.totalBytes <= MEMORY_LIMIT_BYTES,
    },
    ...BOTH.map((version) => liveTarget(report, version)),
    {
      what: 'the same text alone and among any batch mates',
      wanted: `the same label, the score within ${SCORE_TOLERANCE}`,
      measured: `${count(consistency.wrongLabels)} of ${count(consistency.answers)} labels differ, scores by at most ${consistency.maxScoreDifference.toExponential(1)}`,
      reached: consistency.wrongLabels === 0 && consistency.maxScoreDifference <= SCORE_TOLERANCE,
    },
    {
      what: 'requests without a good answer',
      wanted: '0',
      measured: count(failed),
      reached: failed === 0,
    },
  ];
}

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
      measured: `${count(stop.byStatus[504] ?? 0)} × 504, ${count(stopBad)} failed otherwise; ${whole(stop.wholeAgainMs)}`,
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

function whole(wholeAgainMs: number | null): string {
  return wholeAgainMs === null ? 'the pool did not recover' : `whole after ${ms(wholeAgainMs)}`;
}
