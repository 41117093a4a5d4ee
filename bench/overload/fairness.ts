import { Child } from '../base/child.js';
import { CACHE_OFF, MODEL, SEED, type Version } from '../base/plan.js';
import { say } from '../base/progress.js';
import { quantile } from '../base/statistics.js';
import { DistinctTexts } from '../corpus/distinct-texts.js';
import { versionFolder } from '../corpus/version-files.js';
import { predictBody } from '../load/predict.js';
import { readMetric } from '../service/metrics.js';
import { ServiceProcess } from '../service/service-process.js';
import { settledPool } from '../service/worker-pool.js';
import type { ClientsOrder, ClientsResult } from './clients-process.js';
import type { OverloadPlan } from './plan.js';

const VERSION: Version = 'v2';
const CLIENTS = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5'] as const;
const GREEDY = '192.0.2.5';
const GREEDY_CONNECTIONS = 8;
const GREEDY_TEXTS = 256;
const GREEDY_BATCHES = 8;
/** Words of a text of the greedy client: it is cut at the model's limit. */
const GREEDY_WORDS = 300;
/** Each client's part of the rate that the service reached without a queue. */
const PART = 6;

/** Short texts of clients that keep to their share. */
export interface PoliteLatency {
  readonly requests: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Fairness {
  /** Requests per second of each polite client. */
  readonly perSecond: number;
  readonly equal: PoliteLatency;
  readonly besideGreedy: PoliteLatency;
  /** Texts of the greedy client that were answered, per second. */
  readonly greedyTextsPerS: number;
  /** Mean time of a run while only the greedy client asks, in milliseconds. */
  readonly longestRunMs: number;
}

const latencyOf = ({ latenciesMs, failed }: ClientsResult): PoliteLatency => ({
  requests: latenciesMs.length + failed,
  failed,
  p50Ms: quantile([...latenciesMs], 0.5),
  p99Ms: quantile([...latenciesMs], 0.99),
});

function greedyBatches(): string[] {
  const words = ['good', 'bad', 'film', 'plot', 'actor', 'scene'];
  return Array.from({ length: GREEDY_BATCHES }, (_, batch) => {
    const texts = Array.from({ length: GREEDY_TEXTS }, (__, text) =>
      Array.from({ length: GREEDY_WORDS }, (___, i) => words[(i * (text + 3) + batch) % words.length]).join(
        ' ',
      ),
    );
    return JSON.stringify({ texts, version: VERSION });
  });
}

/** Mean milliseconds of a run in the model since the start. */
async function meanRunMs(url: string, load: () => Promise<unknown>): Promise<number> {
  const labels = `stage="inference",model="${MODEL}",version="${VERSION}"`;
  const read = async (): Promise<[number, number]> => [
    await readMetric(url, 'serin_batch_duration_seconds_sum', labels),
    await readMetric(url, 'serin_batch_duration_seconds_count', labels),
  ];
  const [sum, count] = await read();
  await load();
  const [sumAfter, countAfter] = await read();
  return (1_000 * (sumAfter - sum)) / Math.max(1, countAfter - count);
}

/**
 * Four clients send short texts at a sixth of the peak each. Beside them is either a fifth one that does the same, or one
 * that sends batches of long texts without a pause.
 */
export async function measureFairness(
  { fairS }: OverloadPlan,
  {
    entry,
    workFolder,
    peakPerS,
  }: { readonly entry: string; readonly workFolder: string; readonly peakPerS: number },
): Promise<Fairness> {
  const texts = new DistinctTexts(versionFolder('v1'), SEED + 1);
  const service = await ServiceProcess.start(entry, workFolder, { ...CACHE_OFF, TRUST_PROXY: '127.0.0.1' });
  const generator = new Child<ClientsOrder, ClientsResult>('overload/clients-process');
  const perSecond = peakPerS / PART;
  const greedy = { address: GREEDY, connections: GREEDY_CONNECTIONS, batches: greedyBatches() };
  const ask = (addresses: readonly string[], more: Partial<ClientsOrder>): Promise<ClientsResult> =>
    generator.ask({
      url: service.url,
      seconds: fairS,
      seed: SEED,
      polite: addresses,
      perSecond,
      bodies: texts
        .take(Math.ceil(1.2 * perSecond * addresses.length * fairS))
        .map((text) => predictBody(text, VERSION)),
      greedy: null,
      ...more,
    });
  const polite = CLIENTS.filter((address) => address !== GREEDY);
  try {
    await settledPool(service);
    await ask(CLIENTS, { seconds: 2 });
    const equal = await ask(CLIENTS, {});
    const longestRunMs = await meanRunMs(service.url, () => ask(polite, { bodies: [], greedy, seconds: 4 }));
    const beside = await ask(polite, { greedy });
    say(
      `p99 beside the greedy client ${latencyOf(beside).p99Ms.toFixed(0)} ms, of equal ones ${latencyOf(equal).p99Ms.toFixed(0)} ms`,
    );
    return {
      perSecond,
      equal: latencyOf(equal),
      besideGreedy: latencyOf(beside),
      greedyTextsPerS: beside.greedyTexts / fairS,
      longestRunMs,
    };
  } finally {
    await generator.close();
    await service.close();
  }
}
