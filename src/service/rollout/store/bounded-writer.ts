import { TOO_LATE, within } from '../../../base/within-deadline.js';

/** Far more than a healthy disk takes, and as long as somebody waits for a rollback without doubting it. */
const LIMIT_MS = 2_000;

const hangs = (): Error =>
  new Error('the disk does not answer; what was to be written may still be, when it does');

/**
 * Writes one thing after the other, and waits no longer than a disk may take: a volume that stalls, or a network mount
 * whose server has gone, must not keep a rollback waiting. While a write hangs no other begins: each would take one of
 * the four threads that Node has for files, and with the last of them the log would stop.
 */
export class BoundedWriter {
  private lastTurn: Promise<unknown> = Promise.resolve();
  /** A write that was given up has not ended. */
  private isHanging = false;

  constructor(private readonly limitMs = LIMIT_MS) {}

  /**
   * @param onLate called when the write was given up and has ended after all, with whether it has written
   * @throws Error of the file system, or that the disk does not answer
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
