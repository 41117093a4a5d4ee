import { setTimeout as delay } from 'node:timers/promises';
import { fail, warn, type Finding } from './finding.js';

/** Runs one check; the signal fires when its time is up, and whatever it holds is to be given back then. */
export type Check = (signal: AbortSignal) => Promise<readonly Finding[]>;

/**
 * Runs one check so that it cannot prevent the others from being reported: a check that takes too long
 * becomes a warning, and a check that throws becomes a failure.
 */
export async function runCheck(name: string, limitMs: number, check: Check): Promise<readonly Finding[]> {
  const end = new AbortController();
  // It keeps the process alive: a check that waits for something that never comes must not end it unheard.
  const timeIsUp = delay(limitMs, null, { signal: end.signal }).catch(() => null);
  const limit = new AbortController();
  try {
    const findings = await Promise.race([check(limit.signal), timeIsUp]);
    if (findings !== null) return findings;
    const seconds = Math.round(limitMs / 1000);
    return [warn(name, `not finished within ${seconds} s`, 'try again when the machine has less to do')];
  } catch (error) {
    const { message } = error as Error;
    return [fail(name, `the check itself failed: ${message}`, 'report it as a fault of Serin')];
  } finally {
    end.abort();
    limit.abort();
  }
}
