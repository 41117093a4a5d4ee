import { processorUse, type ProcessorUse } from '../../base/machine/processor-use.js';

/** How soon a process that is held up is looked at again, at the least. */
const LEAST_WAIT_MS = 20;

/**
 * Notices that a process hangs: its time for one piece of work is over, and the machine is not the reason. A process
 * that waits for a processor gets more time, until it has had the second half of its time as processor time. One that
 * sleeps or is stopped gets none. Where the kernel does not tell, only the clock counts. See ADR 23.
 */
export class HangWatch {
  private timer: NodeJS.Timeout | undefined;
  /** Processor time that the process had had after the first half of its time; null when unknown. */
  private usedAtHalfMs: number | null = null;

  /**
   * @param limitMs time for the work
   * @param onHung called at most once
   * @param look what a process has had of the processors
   */
  constructor(
    private readonly pid: number | undefined,
    private readonly limitMs: number,
    private readonly onHung: () => void,
    private readonly look: (pid: number) => ProcessorUse | null = processorUse,
  ) {
    // Nearly all work ends in the first half: only the rest pays for reading files of the kernel.
    this.timer = setTimeout(() => {
      this.usedAtHalfMs = this.use()?.usedMs ?? null;
      this.checkIn(limitMs / 2);
    }, limitMs / 2);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private checkIn(ms: number): void {
    this.timer = setTimeout(() => {
      // After a pause of this whole process the timer fires before the answers that came meanwhile are read.
      setImmediate(() => {
        if (this.timer !== undefined) this.check();
      });
    }, ms);
  }

  private check(): void {
    const use = this.use();
    if (use?.wantsToRun === true && this.usedAtHalfMs !== null) {
      const leftMs = this.limitMs / 2 - (use.usedMs - this.usedAtHalfMs);
      if (leftMs > 0) {
        this.checkIn(Math.max(leftMs, LEAST_WAIT_MS));
        return;
      }
    }
    this.stop();
    this.onHung();
  }

  private use(): ProcessorUse | null {
    return this.pid === undefined ? null : this.look(this.pid);
  }
}
