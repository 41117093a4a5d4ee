import { once } from 'node:events';

/**
 * Rejects with the reason of the signal when it fires. The rejection is marked as handled, because no caller may be
 * waiting for it.
 */
export function abortOf(signal: AbortSignal): Promise<never> {
  const aborted = rejectWhenFired(signal);
  aborted.catch(() => undefined);
  return aborted;
}

async function rejectWhenFired(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}
