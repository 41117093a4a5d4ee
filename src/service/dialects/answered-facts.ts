import type { AppError } from '../../base/errors/app-error.js';
import { type Answered, isSingle } from '../answers/answers.js';
import type { Ask } from '../answers/ask.js';
import type { Facts } from '../http/answer.interceptor.js';
import { BatchFacts } from './batch-facts.js';
import { flightFacts } from './flight-facts.js';

/** What is to be recorded about a request, from what became of its texts. */
export function factsOf(asks: readonly (Ask | AppError)[], answered: Answered): Facts {
  const { askedAt: receivedAt } = answered;
  if (!isSingle(asks)) return { ...batchFacts(answered), modelName: answered.model, receivedAt };
  const modelName = answered.model;
  const [first] = 'failure' in answered ? answered.picked : answered.results;
  if ('failure' in answered || first === undefined || !('ok' in first) || !first.ok) {
    const item = first !== undefined && 'ok' in first ? first.item : first;
    return { modelName, modelVersion: item?.version.version ?? null, receivedAt };
  }
  const { item, row, level } = first;
  return {
    modelName,
    modelVersion: item.version.version,
    receivedAt,
    cacheHit: level !== null,
    cacheLevel: level,
    tokens: row.tokens,
    truncated: row.truncated,
    turnAt: answered.turnAt,
    ...flightFacts(first),
  };
}

/** Of a list; undefined when nothing of it was answered. */
function batchFacts(answered: Answered): Facts | undefined {
  if ('failure' in answered) return undefined;
  const facts = new BatchFacts(answered.results.length);
  for (const result of answered.results) {
    if (result.ok) facts.add(result.item.version.version, result);
    else if (result.item !== null) facts.fail();
  }
  return facts.toFacts(answered.turnAt);
}
