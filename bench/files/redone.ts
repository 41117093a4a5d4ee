/** One start of the command that was killed, as seen from outside; its journal tells what is done. */
export interface Attempt {
  /** From the command's start until it was killed. */
  readonly lifeMs: number;
  /** Lines that were done when it began. */
  readonly doneBefore: number;
  /** Lines that were done when it was killed. */
  readonly doneAfter: number;
}

/** What an undisturbed run shows. */
export interface Pace {
  readonly linesPerS: number;
  /** From the command's start until a worker was ready. */
  readonly startMs: number;
}

/**
 * Lines that a killed attempt must have computed beyond what it left done: the time that it had for scoring, at the
 * undisturbed pace, less what it left. An estimate: it cannot tell work from a slow start.
 */
export function redoneLines(
  { lifeMs, doneBefore, doneAfter }: Attempt,
  { linesPerS, startMs }: Pace,
): number {
  const computed = (Math.max(0, lifeMs - startMs) / 1000) * linesPerS;
  return Math.max(0, computed - (doneAfter - doneBefore));
}
