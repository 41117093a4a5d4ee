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

/**
 * Milliseconds. One stop may arrive as two signals: Ctrl-C in a terminal, or a supervisor that signals the whole group,
 * reaches this process and also npm, which forwards it. A signal this soon after the first is its repetition.
 */
const ECHO_MS = 300;

/**
 * Handles the signals that ask to end.
 * @param first called at the first of them
 * @param again called at each later one that is no repetition of the first
 * @returns a function that removes the handlers
 */
export function onStopSignals(
  first: (signal: StopSignal) => void,
  again: (signal: StopSignal) => void,
): () => void {
  let firstAt: number | undefined;
  const onSignal = (signal: StopSignal): void => {
    const now = performance.now();
    if (firstAt === undefined) {
      firstAt = now;
      first(signal);
    } else if (now - firstAt > ECHO_MS) again(signal);
  };
  for (const name of STOP_SIGNALS) process.on(name, onSignal);
  return () => {
    for (const name of STOP_SIGNALS) process.off(name, onSignal);
  };
}

/** Ignores SIGHUP again where it was ignored at the start; by default it would end the process. */
export function keepIgnoringHangup(): void {
  if (!STOP_SIGNALS.includes('SIGHUP')) process.on('SIGHUP', () => undefined);
}
