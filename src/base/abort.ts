import { once } from 'node:events';

/** Rejects with the reason of the signal when it fires; that counts as handled, for nothing may wait for it then. */
export function abortOf(signal: AbortSignal): Promise<never> {
  const aborted = rejectWhenFired(signal);
  aborted.catch(() => undefined);
  return aborted;
}

async function rejectWhenFired(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}
