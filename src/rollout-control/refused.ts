import { StartError } from '../errors/start-error.js';
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

/** What the service refuses rather than misunderstands. */
const REFUSALS: ReadonlySet<string> = new Set([
  'CONFLICT',
  'VERSION_REFUSED',
  'VERSION_NOT_READY',
  'STATE_UNAVAILABLE',
]);

/** What a person is told when the admin API did not do what was asked. */
export function adminFailure({ status, code, message }: RequestFailed): StartError | Refused {
  if (REFUSALS.has(code)) return new Refused(code, message);
  if (status === 0) {
    return new StartError(`No service answers (${message}): start one, or name it with --url.`);
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
