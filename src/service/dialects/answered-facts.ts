import type { AppError } from '../../base/errors/app-error.js';
import { type Answered, isSingle } from '../answers/answers.js';
import type { Ask } from '../answers/ask.js';
import type { Facts } from '../http/answer.interceptor.js';
import { BatchFacts } from './batch-facts.js';
import { flightFacts } from './flight-facts.js';

/** The facts to record about an answered request; none for a request whose only text failed. */
export function factsOf(asks: readonly (Ask | AppError)[], { results, turnAt }: Answered): Facts {
  const [only] = results;
  if (!isSingle(asks) || only === undefined) {
    const facts = new BatchFacts(results.length);
    for (const result of results) {
      if (result.ok) facts.add(result.item.version.version, result);
      else facts.fail(result.error.code, result.item !== null);
    }
    return facts.toFacts(turnAt);
  }
  if (!only.ok) return {};
  const { level } = only;
  const { tokens, truncated } = only.answer;
  return { cacheHit: level !== null, cacheLevel: level, tokens, truncated, turnAt, ...flightFacts(only) };
}
