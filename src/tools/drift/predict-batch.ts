import { notSerin, type ServiceClient } from '../client/service-client.js';
import type { Problem } from '../../base/errors/problem.js';
import type { ServiceOutcome } from './outcome.js';

/** One entry of `results` in the answer of POST /predict_batch. */
type BatchItem =
  | {
      readonly label: string;
      readonly score: number;
      readonly tokens: number;
      readonly truncated: boolean;
      readonly model_version: string;
    }
  | { readonly error: Problem };

/**
 * One outcome per text, in order, computed now.
 * @throws RequestFailed when the request as a whole is not answered
 */
export async function predictBatch(
  client: ServiceClient,
  model: string,
  version: string,
  texts: readonly string[],
): Promise<ServiceOutcome[]> {
  const { results } = (await client.post('predict_batch', { texts, model, version }, null)) as {
    results?: readonly BatchItem[];
  };
  if (!Array.isArray(results) || results.length !== texts.length) throw notSerin(client.url);
  return (results as readonly BatchItem[]).map(toOutcome);
}

function toOutcome(item: BatchItem): ServiceOutcome {
  if ('error' in item) return { ok: false, code: item.error.code, message: item.error.detail };
  const { label, score, tokens, truncated, model_version: version } = item;
  return { ok: true, label, score, tokens, truncated, version };
}
