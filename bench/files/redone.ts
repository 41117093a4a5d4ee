/** One start of the command that was killed, as seen from outside; its journal tells what is done. */
export interface Attempt {
  /** Processor time that its workers had used when it was killed. */
  readonly workersCpuS: number;
  /** Lines that were done when it began. */
  readonly doneBefore: number;
  /** Lines that were done when it was killed. */
  readonly doneAfter: number;
}

/** What undisturbed runs show. */
export interface Pace {
  /** Processor time of the workers per line. */
  readonly cpuSPerLine: number;
  /** Processor time of the workers until they are ready. */
  readonly startCpuS: number;
}

/**
 * Lines that a killed attempt must have computed beyond what it left done: what its workers had time to score, less
 * what it left. Processor time, not the clock: it does not run on while a start is slow or others are at work. Still an
 * estimate, for the processor is not always equally fast.
 */
export function redoneLines(
  { workersCpuS, doneBefore, doneAfter }: Attempt,
  { cpuSPerLine, startCpuS }: Pace,
): number {
  const computed = Math.max(0, workersCpuS - startCpuS) / cpuSPerLine;
  return Math.max(0, computed - (doneAfter - doneBefore));
}
