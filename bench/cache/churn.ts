import { Pool } from 'undici';
import { pssBytes } from '../base/process-tree.js';
import { say } from '../base/progress.js';
import { median } from '../base/statistics.js';
import { readMetric } from '../service/metrics.js';
import { ServiceProcess } from '../service/service-process.js';

/** Memory of the main process, where the cache is, over one part of the texts. */
export interface ChurnWindow {
  /** How many texts had gone through the cache at its end. */
  readonly texts: number;
  readonly medianBytes: number;
  readonly peakBytes: number;
}

export interface ChurnReport {
  readonly texts: number;
  readonly failed: number;
  readonly textsPerS: number;
  readonly windows: readonly ChurnWindow[];
  /** At the end. */
  readonly entries: number;
  readonly evicted: number;
}

const WINDOWS = 10;
/** Texts of a request, and requests at once: less than the queue holds. */
const TEXTS_PER_REQUEST = 250;
const REQUESTS_AT_ONCE = 3;
const VERSION = 'v2';
/** The measurement is about memory: other load of the machine must not make deadlines pass. */
const PATIENT = { REQUEST_TIMEOUT_MS: '30000' };

/** A request of the next texts: short ones, so that it is the cache that is busy and not the model. */
async function sendTexts(pool: Pool, from: number, count: number): Promise<number> {
  const texts = Array.from({ length: count }, (_, i) => `ok ${String(from + i)}`);
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/predict_batch',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ texts, version: VERSION }),
  });
  const answer = (await body.json()) as { readonly results?: readonly { readonly label?: string }[] };
  if (statusCode !== 200) return count;
  return count - (answer.results ?? []).filter(({ label }) => label !== undefined).length;
}

/** Distinct texts, many times as many as the cache of default size holds, and the memory that the main process takes. */
export async function measureChurn(texts: number, entry: string, workFolder: string): Promise<ChurnReport> {
  const service = await ServiceProcess.start(entry, workFolder, PATIENT);
  const pool = new Pool(service.url, { connections: REQUESTS_AT_ONCE, pipelining: 1 });
  const perWindow = texts / WINDOWS;
  const startedAt = performance.now();
  const windows: ChurnWindow[] = [];
  let [next, failed] = [0, 0];
  try {
    for (let window = 1; window <= WINDOWS; window++) {
      const end = Math.round(window * perWindow);
      const samples: number[] = [];
      const sendUntilEnd = async (): Promise<void> => {
        while (next < end) {
          const from = next;
          next = Math.min(end, from + TEXTS_PER_REQUEST);
          failed += await sendTexts(pool, from, next - from);
          samples.push(pssBytes(service.pid));
        }
      };
      await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, sendUntilEnd));
      const figures = { texts: end, medianBytes: median(samples), peakBytes: Math.max(...samples) };
      windows.push(figures);
      say(`${String(end)} texts: ${(figures.medianBytes / 1e6).toFixed(0)} MB`);
    }
    const textsPerS = texts / ((performance.now() - startedAt) / 1000);
    const entries = await readMetric(service.url, 'serin_cache_entries');
    const evicted = await readMetric(service.url, 'serin_cache_removals_total', 'reason="evicted"');
    return { texts, failed, textsPerS, windows, entries, evicted };
  } finally {
    await pool.close();
    await service.close();
  }
}
