import type { Problem } from '../../base/errors/problem.js';
import { StartError } from '../../base/errors/start-error.js';

/** A request that was not answered with 200. */
export class RequestFailed extends Error {
  /**
   * @param status HTTP status; 0 when no answer came
   * @param code of the problem; UNREACHABLE without a connection, NO_ANSWER when it said nothing in time, HTTP_<status>
   *   when the answer is no problem of Serin's
   * @param retryAfterMs the wait that the service asks for; undefined when it asks for none
   */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** The code of an answer that is not 200: of its problem document, else HTTP_<status>. */
export function failureCode(status: number, body: object | null): string {
  const { code } = (body ?? {}) as Partial<Problem>;
  return typeof code === 'string' ? code : `HTTP_${status}`;
}

/** It has accepted the connection and said nothing. */
export function noAnswer(url: string, ms: number): RequestFailed {
  return new RequestFailed(0, 'NO_ANSWER', `The service at ${url} has not answered for ${ms / 1000} s`);
}

/**
 * The message for a person when the service cannot be reached.
 * @param apiKey what was sent with the request; null or empty for none
 */
export function unusable({ status, code, message }: RequestFailed, apiKey: string | null = null): StartError {
  if (code === 'NO_ANSWER') return new StartError(`${message}: it hangs, or what stands before it does.`);
  if (status === 0)
    return new StartError(`No service answers (${message}): start one, or name it with --url or SERIN_URL.`);
  if (status === 401 && apiKey) {
    return new StartError('The service does not accept the API key in the file of --api-key-file.');
  }
  if (status === 401) {
    return new StartError('The service wants an API key: name a file that holds one with --api-key-file.');
  }
  return new StartError(`The service does not take the request: ${code}, ${message}`);
}
