import { CONNECTIONS, TARGET_CONNECTIONS, type Connections, type Plan, type Version } from '../base/plan.js';
import { childrenOf, cpuSeconds } from '../base/process-tree.js';
import { mean } from '../base/statistics.js';
import type { BaselineService } from '../baseline/baseline-service.js';
import type { RawPair } from '../ceiling/raw-pair.js';
import type { RawMeasurement } from '../ceiling/raw-process.js';
import type { DistinctTexts } from '../corpus/distinct-texts.js';
import { sendDistinct, type Load } from '../load/wrk.js';
import type { ServiceProcess } from '../service/service-process.js';

/** The processes and texts that every round uses. */
export interface Subjects {
  readonly raw: RawPair;
  readonly service: ServiceProcess;
  readonly naive: Readonly<Record<Version, BaselineService>>;
  readonly texts: DistinctTexts;
  readonly workFolder: string;
}

/** A load on the service, and the cores that its processes used meanwhile. */
export interface ServiceLoad extends Load {
  /** Requests per second over the ceiling just before and just after. */
  readonly ratio: number;
  readonly mainCores: number;
  readonly workerCores: number;
}

/** Everything once, for one version. */
export interface Round {
  readonly single: RawMeasurement;
  /** Texts per second: before the first load, between them, and after the last. */
  readonly ceilings: readonly number[];
  readonly loads: Readonly<Record<Connections, ServiceLoad>>;
  readonly baseline: Load;
}

/** Each load stands between two ceilings, so that a slow minute of the machine slows them too. */
export async function measureRound(subjects: Subjects, version: Version, plan: Plan): Promise<Round> {
  const { raw, naive, texts, workFolder } = subjects;
  const loads: Partial<Record<Connections, ServiceLoad>> = {};
  let before = await raw.ceiling(version, plan.ceilingMs);
  const ceilings = [before];
  const single = await raw.single(version, plan.ceilingMs);
  for (const connections of CONNECTIONS) {
    const load = await loadService(subjects, version, connections, plan.loadS);
    const after = await raw.ceiling(version, plan.ceilingMs);
    loads[connections] = { ...load, ratio: load.requestsPerS / mean([before, after]) };
    ceilings.push(after);
    before = after;
  }
  const baseline = await sendDistinct(texts, {
    url: naive[version].url,
    version,
    connections: TARGET_CONNECTIONS,
    seconds: plan.loadS,
    workFolder,
  });
  return { single, ceilings, loads: loads as Record<Connections, ServiceLoad>, baseline };
}

async function loadService(
  { service, texts, workFolder }: Subjects,
  version: Version,
  connections: number,
  seconds: number,
): Promise<Omit<ServiceLoad, 'ratio'>> {
  const workers = childrenOf(service.pid);
  const workerSeconds = (): number => workers.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const before = { main: cpuSeconds(service.pid), workers: workerSeconds() };
  const load = await sendDistinct(texts, { url: service.url, version, connections, seconds, workFolder });
  return {
    ...load,
    mainCores: (cpuSeconds(service.pid) - before.main) / seconds,
    workerCores: (workerSeconds() - before.workers) / seconds,
  };
}
