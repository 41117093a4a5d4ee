const waiting: (() => void)[] = [];
let isScheduled = false;

function schedule(): void {
  isScheduled = waiting.length > 0;
  if (isScheduled) setImmediate(next);
}

function next(): void {
  const step = waiting.shift();
  // Before the step, which may throw or add others.
  schedule();
  step?.();
}

/**
 * Runs a step that takes milliseconds in a turn of the event loop of its own, in the order of the calls. Of many such
 * steps that become possible at the same time, each waits for the ones before it, and everything else (a probe, a short
 * request) waits for one of them, not for all.
 */
export function inOwnTurn(step: () => void): void {
  waiting.push(step);
  if (!isScheduled) schedule();
}

/** Resolves in a turn of its own, like {@link inOwnTurn}. */
export const ownTurn = (): Promise<void> => new Promise(inOwnTurn);
