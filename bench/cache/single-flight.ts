import { Pool } from 'undici';
import type { DistinctTexts } from '../corpus/distinct-texts.js';
import { TARGET_CONNECTIONS } from '../base/plan.js';
import { readCounter } from '../service/metrics.js';
import type { ServiceProcess } from '../service/service-process.js';

export interface SingleFlight {
  readonly texts: number;
  /** Answers that were 200, of texts × connections. */
  readonly answered: number;
  /** Texts that workers computed meanwhile, by the metrics. */
  readonly inferences: number;
  /** The most that one text cost. */
  readonly mostPerText: number;
}

/** Each new text is asked for on every connection at once; the metrics tell how often it was computed. */
export async function measureSingleFlight(
  service: ServiceProcess,
  texts: DistinctTexts,
  count: number,
): Promise<SingleFlight> {
  const { url } = service;
  const pool = new Pool(url, { connections: TARGET_CONNECTIONS, pipelining: 1 });
  const computed = (): Promise<number> => readCounter(url, 'serin_batch_texts_sum');
  const ask = async (text: string): Promise<boolean> => {
    const headers = { 'content-type': 'application/json' };
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: '/predict',
      headers,
      body: JSON.stringify({ text }),
    });
    await body.dump();
    return statusCode === 200;
  };
  let [answered, inferences, mostPerText] = [0, 0, 0];
  for (const text of texts.take(count)) {
    const before = await computed();
    const answers = await Promise.all(Array.from({ length: TARGET_CONNECTIONS }, () => ask(text)));
    const cost = (await computed()) - before;
    answered += answers.filter(Boolean).length;
    inferences += cost;
    mostPerText = Math.max(mostPerText, cost);
  }
  await pool.close();
  return { texts: count, answered, inferences, mostPerText };
}
