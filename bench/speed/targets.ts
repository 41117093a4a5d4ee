import { SCORE_TOLERANCE, VERSIONS, type Connections, type Version } from '../base/plan.js';
import { count, megabytes, ms, ratio } from '../report/format.js';
import { noneFailed, type Target } from '../report/section.js';
import type { SpeedReport } from './measure.js';

const MEMORY_LIMIT_BYTES = 800e6;
const START_LIMIT_MS = 3_000;
const LIVE_P99_LIMIT_MS = 20;
/** The most that the service may add to a run of the model alone, at one connection. */
const OVERHEAD_LIMIT_MS = 0.7;
const P99_OVER_P50_LIMIT = 2;

/** Share of the ceiling; at 32 connections a queue offers fewer lengths to choose from than at 128. */
const RATIOS: readonly [Version, Connections, number][] = [
  ['v1', 32, 0.66],
  ['v1', 128, 0.75],
  ['v2', 32, 0.62],
  ['v2', 128, 0.7],
];

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
    ...VERSIONS.map((version) => tailTarget(report, version)),
    ...VERSIONS.map((version) => overheadTarget(report, version)),
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
    ...VERSIONS.map((version) => liveTarget(report, version)),
    {
      what: 'the same text alone and among any batch mates',
      wanted: `the same label, the score within ${SCORE_TOLERANCE}`,
      measured: `${count(consistency.wrongLabels)} of ${count(consistency.answers)} labels differ, scores by at most ${consistency.maxScoreDifference.toExponential(1)}`,
      reached: consistency.wrongLabels === 0 && consistency.maxScoreDifference <= SCORE_TOLERANCE,
    },
    noneFailed('requests without a good answer', failed),
  ];
}
