import { StartError } from '../../base/errors/start-error.js';
import type { RequestFailed } from '../client/request-failed.js';

/** The service has understood and says no; the sentence is its own. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Codes by which the service refuses a move, in contrast to wrong usage. */
const REFUSALS: ReadonlySet<string> = new Set([
  'CONFLICT',
  'VERSION_REFUSED',
  'VERSION_NOT_READY',
  'STATE_UNAVAILABLE',
]);

/**
 * The message for a person when the admin API did not perform a request.
 * @param isChange whether it was asked to change something, which it may have done without a word
 */
export function adminFailure(
  { status, code, message }: RequestFailed,
  isChange: boolean,
): StartError | Refused {
  if (REFUSALS.has(code)) return new Refused(code, message);
  if (code === 'NO_ANSWER') {
    return new StartError(
      isChange
        ? `${message}; whether the change is in force is not known: look at serin canary status, repeat it, or restart the service with CANARY_PERCENT=0.`
        : `${message}: it hangs, or what stands before it does. Restart it; with CANARY_PERCENT=0 its canaries get nothing.`,
    );
  }
  if (status === 0) {
    return new StartError(`No service answers (${message}): start one, or name it with --url or SERIN_URL.`);
  }
  if (code === 'UNAUTHENTICATED') {
    return new StartError(
      'The service does not take this admin token: ADMIN_TOKEN, or the file of --admin-token-file, must hold the one that the service was started with.',
    );
  }
  if (code === 'NOT_FOUND') {
    return new StartError('The admin API is off: start the service with ADMIN_TOKEN.');
  }
  return new StartError(`The service does not take the request: ${code}, ${message}`);
}
