import { Child } from '../base/child.js';
import { childrenOf, cpuSeconds } from '../base/process-tree.js';
import { CACHE_OFF, SEED, VERSIONS, type Version } from '../base/plan.js';
import { say } from '../base/progress.js';
import { DistinctTexts } from '../corpus/distinct-texts.js';
import { versionFolder } from '../corpus/version-files.js';
import type { ProbeOrder, ProbeResult } from '../load/probe-process.js';
import { sendDistinct, type Load } from '../load/wrk.js';
import { readMetrics, valueOf } from '../service/metrics.js';
import { ServiceProcess } from '../service/service-process.js';
import { settledPool } from '../service/worker-pool.js';
import { besideBusyLoops } from './busy-loops.js';
import { BUSY_LOOPS, OFFERED, OVERLOAD_CONNECTIONS, PEAK_CONNECTIONS, type OverloadPlan } from './plan.js';

/** What became of the requests of one load, per second. */
export interface Answered {
  readonly okPerS: number;
  readonly refusedPerS: number;
  /** Admitted, and not answered by its deadline. */
  readonly expiredPerS: number;
  readonly otherPerS: number;
  /** Cores that the generator, the main process and its workers used meanwhile. */
  readonly generatorCores: number;
  readonly mainCores: number;
  readonly workerCores: number;
}

/** One version on one machine, at its peak and beyond. */
export interface Goodput {
  readonly version: Version;
  readonly busy: boolean;
  readonly peak: Answered;
  readonly overload: Answered;
  readonly live: ProbeResult;
}

const PROBES_PER_S = 20;

/** Requests of POST /predict so far, by what became of them. */
async function answeredSoFar(url: string): Promise<Record<'ok' | 'refused' | 'expired' | 'all', number>> {
  const lines = (await readMetrics(url)).split('\n');
  const predict = lines.filter((line) => line.includes('route="/predict"')).join('\n');
  const of = (labels?: string): number => valueOf(predict, 'serin_requests_total', labels);
  return { ok: of('status="200"'), refused: of('status="429"'), expired: of('status="504"'), all: of() };
}

/** What becomes of the requests that a load of so many seconds sends, and the processor time that it takes. */
async function answeredDuring(
  { url, pid }: ServiceProcess,
  seconds: number,
  load: () => Promise<Load>,
): Promise<Answered> {
  const workers = childrenOf(pid);
  const workerSeconds = (): number => workers.reduce((sum, worker) => sum + cpuSeconds(worker), 0);
  const before = { codes: await answeredSoFar(url), main: cpuSeconds(pid), workers: workerSeconds() };
  const { generatorCores } = await load();
  const codes = await answeredSoFar(url);
  const perS = (of: keyof typeof codes): number => (codes[of] - before.codes[of]) / seconds;
  const [okPerS, refusedPerS, expiredPerS] = [perS('ok'), perS('refused'), perS('expired')];
  return {
    okPerS,
    refusedPerS,
    expiredPerS,
    otherPerS: perS('all') - okPerS - refusedPerS - expiredPerS,
    generatorCores,
    mainCores: (cpuSeconds(pid) - before.main) / seconds,
    workerCores: (workerSeconds() - before.workers) / seconds,
  };
}

async function measureVersion(
  { peakS, loadS }: OverloadPlan,
  service: ServiceProcess,
  {
    version,
    busy,
    texts,
    workFolder,
  }: {
    readonly version: Version;
    readonly busy: boolean;
    readonly texts: DistinctTexts;
    readonly workFolder: string;
  },
): Promise<Goodput> {
  const { url } = service;
  const target = { url, version, workFolder };
  const atPeak = { ...target, connections: PEAK_CONNECTIONS };
  await sendDistinct(texts, { ...atPeak, seconds: 2 });
  const peak = await answeredDuring(service, peakS, () => sendDistinct(texts, { ...atPeak, seconds: peakS }));
  const prober = new Child<ProbeOrder, ProbeResult>('load/probe-process');
  let live: ProbeResult | undefined;
  const overload = await answeredDuring(service, loadS, async () => {
    const thinkMs = (1_000 * OVERLOAD_CONNECTIONS) / (OFFERED * peak.okPerS);
    const load = sendDistinct(texts, {
      ...target,
      connections: OVERLOAD_CONNECTIONS,
      seconds: loadS,
      thinkMs,
    });
    live = await prober.ask({ url, perSecond: PROBES_PER_S, seconds: loadS - 1 });
    return load;
  });
  await prober.close();
  if (live === undefined) throw new Error('nothing was probed');
  say(
    `${version}${busy ? ', busy' : ''}: peak ${peak.okPerS.toFixed(0)}/s, overload ${overload.okPerS.toFixed(0)}/s`,
  );
  return { version, busy, peak, overload, live };
}

/** Each version, on the machine as it is and beside processes that take the cores. */
export async function measureGoodput(
  plan: OverloadPlan,
  entry: string,
  workFolder: string,
): Promise<Goodput[]> {
  const texts = new DistinctTexts(versionFolder('v1'), SEED);
  const service = await ServiceProcess.start(entry, workFolder, CACHE_OFF);
  const results: Goodput[] = [];
  try {
    await settledPool(service);
    for (const version of VERSIONS)
      for (const busy of [false, true]) {
        const measure = (): Promise<Goodput> =>
          measureVersion(plan, service, { version, busy, texts, workFolder });
        results.push(await besideBusyLoops(busy ? BUSY_LOOPS : 0, measure));
      }
  } finally {
    await service.close();
  }
  return results;
}
