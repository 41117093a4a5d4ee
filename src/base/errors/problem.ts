import type { AppError, FieldError } from './app-error.js';
import { ERROR_TABLE } from './codes.js';

/** The body of every error answer: RFC 9457 with our code, the request's id and the offending fields. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly request_id: string;
  readonly errors?: readonly FieldError[];
  readonly retry_after_ms?: number;
}

/** Waiting time of a retryable error without a measured one: the shortest time that `retry-after` can express. */
const SHORTEST_RETRY_MS = 1000;

/**
 * Milliseconds to wait before the same request may succeed; undefined for errors that are not retryable. A 408 has none
 * either: that client was too slow, and waiting does not help it.
 */
export function retryAfterMs(error: AppError): number | undefined {
  const waits = ERROR_TABLE[error.code].retryable && error.code !== 'REQUEST_TIMEOUT';
  const ms = error.retryAfterMs ?? (waits ? SHORTEST_RETRY_MS : undefined);
  return ms === undefined ? undefined : Math.max(0, Math.ceil(ms));
}

/** `retry-after` in whole seconds; at least 1, because 0 would make all clients retry at once. */
export const retryAfterSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

/** The problem object of an error, for a whole answer or for one item of a batch. */
export function problemOf(error: AppError, requestId: string): Problem {
  const waitMs = retryAfterMs(error);
  return {
    type: `urn:serin:error:${error.code.toLowerCase()}`,
    title: ERROR_TABLE[error.code].title,
    status: error.status,
    detail: error.message,
    code: error.code,
    request_id: requestId,
    ...(error.errors !== undefined && { errors: error.errors }),
    ...(waitMs !== undefined && { retry_after_ms: waitMs }),
  };
}
