import type { DistinctTexts } from '../corpus/distinct-texts.js';
import { BODIES_PER_SECOND, type Version } from '../base/plan.js';
import { predictBody } from './predict-body.js';
import { runWrk, type Load } from './wrk.js';

export interface DistinctLoad {
  readonly url: string;
  readonly version: Version;
  readonly connections: number;
  readonly seconds: number;
  readonly workFolder: string;
}

/** One load of texts that no load before it has sent. */
export async function sendDistinct(texts: DistinctTexts, load: DistinctLoad): Promise<Load> {
  const { url, version, connections, seconds, workFolder } = load;
  const bodies = texts.peek(seconds * BODIES_PER_SECOND).map((text) => predictBody(text, version));
  const result = await runWrk({ url, connections, seconds, bodies, workFolder });
  // wrk builds one request to look at, and leaves one per connection unanswered at the end.
  texts.drop(result.requests + connections + 1);
  return result;
}
