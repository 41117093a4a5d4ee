import { Pool } from 'undici';
import { TARGET_CONNECTIONS } from '../base/plan.js';
import type { DistinctTexts } from '../corpus/distinct-texts.js';
import { isAnswered, predictBody } from '../load/predict.js';
import { computedTexts } from '../service/metrics.js';

export interface SingleFlight {
  readonly texts: number;
  /** Answers that were 200, of texts × connections. */
  readonly answered: number;
  /** Texts that workers computed meanwhile, by the metrics. */
  readonly inferences: number;
  /** The most that one text cost. */
  readonly mostPerText: number;
}

/** Each new text is asked for on every connection at once; the metrics show how often it was computed. */
export async function measureSingleFlight(
  url: string,
  texts: DistinctTexts,
  count: number,
): Promise<SingleFlight> {
  const pool = new Pool(url, { connections: TARGET_CONNECTIONS, pipelining: 1 });
  let [answered, inferences, mostPerText] = [0, 0, 0];
  for (const text of texts.take(count)) {
    const before = await computedTexts(url);
    const ask = (): Promise<boolean> => isAnswered(pool, predictBody(text));
    const answers = await Promise.all(Array.from({ length: TARGET_CONNECTIONS }, ask));
    const cost = (await computedTexts(url)) - before;
    answered += answers.filter(Boolean).length;
    inferences += cost;
    mostPerText = Math.max(mostPerText, cost);
  }
  await pool.close();
  return { texts: count, answered, inferences, mostPerText };
}
