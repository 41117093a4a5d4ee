import { CACHE_OFF, SEED, TARGET_CONNECTIONS, VERSIONS, type Plan, type Version } from '../base/plan.js';
import { childrenOf, pssBytes, treePssBytes } from '../base/process-tree.js';
import { say } from '../base/progress.js';
import { median } from '../base/statistics.js';
import { BaselineService } from '../baseline/baseline-service.js';
import { RawPair } from '../ceiling/raw-pair.js';
import { DistinctTexts } from '../corpus/distinct-texts.js';
import { versionFolder } from '../corpus/version-files.js';
import { ServiceProcess } from '../service/service-process.js';
import { settledPool } from '../service/worker-pool.js';
import { measureConsistency, type Consistency } from './consistency.js';
import type { ProbeResult } from '../load/probe-process.js';
import { measureResponsiveness } from './responsiveness.js';
import { measureRound, type Round, type Subjects } from './round.js';
import { summarise, type SpeedSummary } from './summary.js';

/** Proportional set size in bytes. */
export interface Memory {
  readonly totalBytes: number;
  readonly mainBytes: number;
  readonly workersBytes: readonly number[];
}

export interface SpeedReport {
  readonly plan: Plan;
  readonly speed: SpeedSummary;
  readonly startsMs: readonly number[];
  readonly startMs: number;
  readonly memory: Memory;
  readonly live: Readonly<Record<Version, ProbeResult>>;
  readonly consistency: Consistency;
  /** Requests to the service that got no good answer; those of the baseline stand in its row. */
  readonly failed: number;
}

/** @param entry the script that starts the service */
export async function measureSpeed(plan: Plan, entry: string, workFolder: string): Promise<SpeedReport> {
  const texts = new DistinctTexts(versionFolder('v1'), SEED);
  const startsMs = await measureStarts(plan.starts, entry, workFolder);
  const service = await ServiceProcess.start(entry, workFolder, CACHE_OFF);
  const raw = new RawPair();
  const naive = { v1: await BaselineService.naive('v1'), v2: await BaselineService.naive('v2') };
  try {
    await raw.load(texts);
    await settledPool(service);
    const subjects = { raw, service, naive, texts, workFolder };
    const rounds = await measureRounds(subjects, plan);
    const live = {
      v1: await measureResponsiveness(subjects, 'v1', plan.probeS),
      v2: await measureResponsiveness(subjects, 'v2', plan.probeS),
    };
    const consistency = await measureConsistency(service, texts, plan.consistencyTexts);
    // A page that the raw processes share with the service would count less: they end first.
    await Promise.all([raw.close(), naive.v1.close(), naive.v2.close()]);
    const memory = measureMemory(service.pid);
    const failed =
      VERSIONS.reduce((sum, version) => sum + live[version].failed + failedIn(rounds[version]), 0) +
      consistency.failed;
    const speed = summarise(rounds);
    return { plan, speed, startsMs, startMs: median(startsMs), memory, live, consistency, failed };
  } finally {
    await Promise.all([raw.close(), naive.v1.close(), naive.v2.close()]);
    await service.close();
  }
}

async function measureStarts(count: number, entry: string, workFolder: string): Promise<number[]> {
  const startsMs: number[] = [];
  for (let i = 0; i < count; i++) {
    const service = await ServiceProcess.start(entry, workFolder, CACHE_OFF);
    startsMs.push(service.startMs);
    say(`start ${i + 1} of ${count}: ready after ${service.startMs.toFixed(0)} ms`);
    await service.close();
  }
  return startsMs;
}

async function measureRounds(subjects: Subjects, plan: Plan): Promise<Record<Version, Round[]>> {
  const rounds: Record<Version, Round[]> = { v1: [], v2: [] };
  for (let i = 0; i < plan.rounds; i++) {
    for (const version of VERSIONS) {
      const round = await measureRound(subjects, version, plan);
      rounds[version].push(round);
      const { requestsPerS, p50Ms, p99Ms } = round.loads[TARGET_CONNECTIONS];
      say(
        `round ${i + 1} of ${plan.rounds}, ${version}: ceiling ${round.ceilings.map((n) => n.toFixed(0)).join(', ')} texts/s, ` +
          `service at ${TARGET_CONNECTIONS} connections ${requestsPerS.toFixed(0)} req/s (p50 ${p50Ms.toFixed(1)}, p99 ${p99Ms.toFixed(1)} ms)`,
      );
    }
  }
  return rounds;
}

function failedIn(rounds: readonly Round[]): number {
  const loads = rounds.flatMap((round) => Object.values(round.loads));
  return loads.reduce((sum, load) => sum + load.failed, 0);
}

function measureMemory(pid: number): Memory {
  return {
    totalBytes: treePssBytes(pid),
    mainBytes: pssBytes(pid),
    workersBytes: childrenOf(pid).map(pssBytes),
  };
}
