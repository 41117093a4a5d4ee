import { AppError } from '../../base/errors/app-error.js';
import { ERROR_TABLE } from '../../base/errors/codes.js';
import { retryAfterMs } from '../../base/errors/problem.js';
import type { TextResult } from '../answers/ask.js';

/**
 * The error of a request whose texts have all failed for one reason that another attempt can change. It has the longest
 * of their waits. Null for every other request, such as one of which a text was answered, or is to blame itself.
 */
export function sharedFailure(results: readonly TextResult[]): AppError | null {
  const [first] = results;
  if (first === undefined || first.ok || !ERROR_TABLE[first.error.code].retryable) return null;
  const { code, message } = first.error;
  let waitMs = 0;
  for (const result of results) {
    if (result.ok || result.error.code !== code) return null;
    waitMs = Math.max(waitMs, retryAfterMs(result.error) ?? 0);
  }
  const all = results.length === 1 ? 'The only text' : `Each of the ${results.length} texts`;
  return new AppError(code, `${all} failed: ${message}`, { retryAfterMs: waitMs });
}
