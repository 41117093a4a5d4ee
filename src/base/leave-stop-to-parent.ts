/**
 * Ignores every signal that asks for an end: for a process whose parent decides when it ends. A terminal sends its
 * signals to the parent and to its children alike.
 */
export function leaveStopToParent(): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
}
