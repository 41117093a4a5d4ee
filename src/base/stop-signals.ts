export type StopSignal = 'SIGTERM' | 'SIGINT';

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Milliseconds. One stop may arrive as two signals: Ctrl-C in a terminal, or a supervisor that signals the whole group,
 * reaches this process and also npm, which forwards it. A signal this soon after the first is its repetition.
 */
const ECHO_MS = 300;

/**
 * Handles SIGTERM and SIGINT.
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
