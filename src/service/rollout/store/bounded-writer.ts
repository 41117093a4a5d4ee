import { TOO_LATE, within } from '../../../base/within-deadline.js';

/**
 * Longest wait for a write: far longer than a healthy disk needs, and short enough for an operator who waits for a
 * rollback.
 */
const LIMIT_MS = 2_000;

const hangs = (): Error =>
  new Error('the disk does not answer; what was to be written may still be, when it does');

/**
 * Makes one write after the other, and waits for each only as long as a disk may take: a stalled volume, or a network
 * mount whose server is gone, must not delay a rollback. While a write hangs no other write starts: each would occupy
 * one of Node's four file threads, and without a free thread the log would stop.
 */
export class BoundedWriter {
  private lastTurn: Promise<unknown> = Promise.resolve();
  /** True while a write that was given up is still running. */
  private isHanging = false;

  constructor(private readonly limitMs = LIMIT_MS) {}

  /**
   * @param onLate called when a write that was given up has ended after all; `hasWritten` is true when it succeeded
   * @throws Error of the file system, or when the disk does not answer
   */
  write(work: () => Promise<void>, onLate: (hasWritten: boolean) => void): Promise<void> {
    const result = this.lastTurn.then(() => this.inTime(work, onLate));
    this.lastTurn = result.catch(() => undefined);
    return result;
  }

  private async inTime(work: () => Promise<void>, onLate: (hasWritten: boolean) => void): Promise<void> {
    if (this.isHanging) throw hangs();
    const writing = work();
    if ((await within(this.limitMs, writing)) !== TOO_LATE) return;
    this.isHanging = true;
    const ended = (hasWritten: boolean) => (): void => {
      this.isHanging = false;
      onLate(hasWritten);
    };
    writing.then(ended(true), ended(false));
    throw hangs();
  }
}
