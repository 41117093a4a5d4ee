import { TARGET_CONNECTIONS } from '../base/plan.js';
import { cpuSeconds } from '../base/process-tree.js';
import { say } from '../base/progress.js';
import { mean, median } from '../base/statistics.js';
import { BaselineService } from '../baseline/baseline-service.js';
import type { DistinctTexts } from '../corpus/distinct-texts.js';
import { predictBody } from '../load/predict.js';
import { runWrk, type Load } from '../load/wrk.js';
import { computedTexts } from '../service/metrics.js';
import { ServiceProcess } from '../service/service-process.js';
import { settledPool } from '../service/worker-pool.js';
import { CACHED_TEXTS, LATENCY_CONNECTIONS, type CachePlan } from './plan.js';

/** Medians over the rounds. */
export interface HitFigures {
  readonly requestsPerS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Microseconds of the answering process per request. */
  readonly cpuUs: number;
}

/** A load of the service next to the bare handler. */
export interface HeldHits extends HitFigures {
  /** Of requests per second, to the bare handler just before and just after: median, lowest, highest. */
  readonly rate: number;
  readonly lowestRate: number;
  readonly highestRate: number;
  /** Of the median latency, the same way. */
  readonly p50Ratio: number;
}

export interface HitsReport {
  /** The bare handler at the many and at the few connections. */
  readonly bare: HitFigures;
  readonly bareFew: HitFigures;
  readonly oneText: HeldHits;
  readonly manyTexts: HeldHits;
  readonly manyTextsFew: HeldHits;
  readonly failed: number;
  /** Texts that the service had to compute during the loads: none, if all were hits. */
  readonly computed: number;
}

interface Measured extends Load {
  readonly cpuUs: number;
}

interface Held extends Measured {
  readonly rate: number;
  readonly p50Ratio: number;
}

interface Server {
  readonly url: string;
  readonly pid: number;
}

/** Texts of one request that fills the cache: computed well within its deadline. */
const FILL_TEXTS = 100;

const figuresOf = (loads: readonly Measured[]): HitFigures => ({
  requestsPerS: median(loads.map((load) => load.requestsPerS)),
  p50Ms: median(loads.map((load) => load.p50Ms)),
  p99Ms: median(loads.map((load) => load.p99Ms)),
  cpuUs: median(loads.map((load) => load.cpuUs)),
});

function heldOf(loads: readonly Held[]): HeldHits {
  const rates = loads.map(({ rate }) => rate);
  return {
    ...figuresOf(loads),
    rate: median(rates),
    lowestRate: Math.min(...rates),
    highestRate: Math.max(...rates),
    p50Ratio: median(loads.map(({ p50Ratio }) => p50Ratio)),
  };
}

/** Puts texts into the cache. */
async function fill(service: ServiceProcess, texts: readonly string[]): Promise<void> {
  for (let at = 0; at < texts.length; at += FILL_TEXTS) {
    await service.send('POST', '/predict_batch', { texts: texts.slice(at, at + FILL_TEXTS) });
  }
}

/** Hits of the service and the same requests to the bare handler, in turns. */
class HitRounds {
  private readonly bare: Measured[] = [];
  private readonly bareFew: Measured[] = [];
  private readonly held: Record<'oneText' | 'manyTexts' | 'manyTextsFew', Held[]> = {
    oneText: [],
    manyTexts: [],
    manyTextsFew: [],
  };
  private failed = 0;

  constructor(
    private readonly service: ServiceProcess,
    private readonly constant: Server,
    private readonly texts: readonly string[],
    private readonly plan: CachePlan,
    private readonly workFolder: string,
  ) {}

  async warm(): Promise<void> {
    await fill(this.service, this.texts);
    for (const server of [this.service, this.constant]) {
      await this.load(server, TARGET_CONNECTIONS, this.texts, this.plan.warmS);
    }
  }

  async round(): Promise<void> {
    const { service, constant, texts, held } = this;
    let before = await this.loadBare(TARGET_CONNECTIONS, this.bare);
    for (const name of ['oneText', 'manyTexts'] as const) {
      const load = await this.load(
        service,
        TARGET_CONNECTIONS,
        name === 'oneText' ? texts.slice(0, 1) : texts,
      );
      const after = await this.loadBare(TARGET_CONNECTIONS, this.bare);
      held[name].push(hold(load, [before, after]));
      before = after;
    }
    const few = await this.loadBare(LATENCY_CONNECTIONS, this.bareFew);
    const load = await this.load(service, LATENCY_CONNECTIONS, texts);
    held.manyTextsFew.push(hold(load, [few, await this.loadBare(LATENCY_CONNECTIONS, this.bareFew)]));
    say(
      `hits ${load.requestsPerS.toFixed(0)} req/s at ${String(LATENCY_CONNECTIONS)} connections; the bare handler at ` +
        `${constant.url} ${few.requestsPerS.toFixed(0)}`,
    );
  }

  report(): Omit<HitsReport, 'computed'> {
    const { oneText, manyTexts, manyTextsFew } = this.held;
    return {
      bare: figuresOf(this.bare),
      bareFew: figuresOf(this.bareFew),
      oneText: heldOf(oneText),
      manyTexts: heldOf(manyTexts),
      manyTextsFew: heldOf(manyTextsFew),
      failed: this.failed,
    };
  }

  private async loadBare(connections: number, into: Measured[]): Promise<Measured> {
    const load = await this.load(this.constant, connections, this.texts);
    into.push(load);
    return load;
  }

  private async load(
    { url, pid }: Server,
    connections: number,
    texts: readonly string[],
    seconds = this.plan.loadS,
  ): Promise<Measured> {
    const { workFolder } = this;
    const before = cpuSeconds(pid);
    const bodies = texts.map((text) => predictBody(text));
    const load = await runWrk({ url, connections, seconds, bodies, workFolder, repeated: true });
    this.failed += load.failed;
    return { ...load, cpuUs: ((cpuSeconds(pid) - before) * 1e6) / load.requests };
  }
}

const hold = (load: Measured, neighbours: readonly Measured[]): Held => ({
  ...load,
  rate: load.requestsPerS / mean(neighbours.map(({ requestsPerS }) => requestsPerS)),
  p50Ratio: load.p50Ms / mean(neighbours.map(({ p50Ms }) => p50Ms)),
});

/** The cost of a hit, beside that of a bare handler of the same framework that validates the same fields. */
export async function measureHits(
  plan: CachePlan,
  texts: DistinctTexts,
  entry: string,
  workFolder: string,
): Promise<HitsReport> {
  const service = await ServiceProcess.start(entry, workFolder);
  const constant = await BaselineService.constant();
  try {
    await settledPool(service);
    const rounds = new HitRounds(service, constant, texts.take(CACHED_TEXTS), plan, workFolder);
    await rounds.warm();
    const before = await computedTexts(service.url);
    for (let i = 0; i < plan.rounds; i++) await rounds.round();
    return { ...rounds.report(), computed: (await computedTexts(service.url)) - before };
  } finally {
    await constant.close();
    await service.close();
  }
}
