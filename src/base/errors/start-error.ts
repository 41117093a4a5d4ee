/**
 * Why the service cannot start, in one sentence that a person can act on: a port that is taken, a registry
 * that is missing. It is printed without a stack, and the process ends with exit code 2.
 */
export class StartError extends Error {
  override readonly name = 'StartError';
}
