import { CONNECTIONS, VERSIONS, type Connections, type Version } from '../base/plan.js';
import { mean, median } from '../base/statistics.js';
import type { Load } from '../load/wrk.js';
import type { Round } from './round.js';

export interface LoadSummary {
  readonly requestsPerS: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
  readonly generatorCores: number;
}

export interface ServiceSummary extends LoadSummary {
  readonly ratio: number;
  readonly lowestRatio: number;
  readonly highestRatio: number;
  readonly mainCores: number;
  readonly workerCores: number;
}

/** Medians over the rounds. */
export interface VersionSummary {
  readonly ceilingTextsPerS: number;
  readonly rawSingleTextsPerS: number;
  readonly rawSingleP50Ms: number;
  /** How much longer one connection waits than a bare run takes, at the median. */
  readonly overheadMs: number;
  readonly baseline: LoadSummary;
  readonly loads: Readonly<Record<Connections, ServiceSummary>>;
}

export type SpeedSummary = Readonly<Record<Version, VersionSummary>>;

function byKey<K extends string | number, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, V>;
}

function summariseLoads(loads: readonly Load[]): LoadSummary {
  return {
    requestsPerS: median(loads.map((load) => load.requestsPerS)),
    p50Ms: median(loads.map((load) => load.p50Ms)),
    p95Ms: median(loads.map((load) => load.p95Ms)),
    p99Ms: median(loads.map((load) => load.p99Ms)),
    failed: loads.reduce((sum, load) => sum + load.failed, 0),
    generatorCores: median(loads.map((load) => load.generatorCores)),
  };
}

function summariseVersion(rounds: readonly Round[]): VersionSummary {
  return {
    ceilingTextsPerS: median(rounds.map((round) => mean(round.ceilings))),
    rawSingleTextsPerS: median(rounds.map((round) => round.single.textsPerS)),
    rawSingleP50Ms: median(rounds.map((round) => round.single.p50Ms)),
    overheadMs: median(rounds.map((round) => round.loads[1].p50Ms - round.single.p50Ms)),
    baseline: summariseLoads(rounds.map((round) => round.baseline)),
    loads: byKey(CONNECTIONS, (connections) => {
      const loads = rounds.map((round) => round.loads[connections]);
      const ratios = loads.map((load) => load.ratio);
      return {
        ...summariseLoads(loads),
        ratio: median(ratios),
        lowestRatio: Math.min(...ratios),
        highestRatio: Math.max(...ratios),
        mainCores: median(loads.map((load) => load.mainCores)),
        workerCores: median(loads.map((load) => load.workerCores)),
      };
    }),
  };
}

export function summarise(rounds: Readonly<Record<Version, readonly Round[]>>): SpeedSummary {
  return byKey(VERSIONS, (version) => summariseVersion(rounds[version]));
}
