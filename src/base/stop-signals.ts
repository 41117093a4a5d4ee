import { hangupWasIgnored } from './config/ignored-hangup.js';

/** A signal that asks a program to end in order. */
export type StopSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

/**
 * The signals at which a program ends in order. SIGHUP tells that the terminal is gone; it is none of them where it was
 * ignored at the start, because the program is then meant to outlive its terminal.
 */
export const STOP_SIGNALS: readonly StopSignal[] = hangupWasIgnored()
  ? ['SIGTERM', 'SIGINT']
  : ['SIGTERM', 'SIGINT', 'SIGHUP'];

/** Ignores SIGHUP again where it was ignored at the start; by default it would end the process. */
export function keepIgnoringHangup(): void {
  if (!STOP_SIGNALS.includes('SIGHUP')) process.on('SIGHUP', () => undefined);
}
