import { setTimeout as delay } from 'node:timers/promises';

/** Far more than a healthy disk takes, and as long as somebody waits for a rollback without doubting it. */
const LIMIT_MS = 2_000;

const hangs = (): Error =>
  new Error('the disk does not answer; what was to be written may still be, when it does');

/**
 * Waits for writes no longer than a disk may take: a volume that stalls, or a network mount whose server has gone, must
 * not keep a rollback waiting.
 */
export class BoundedWriter {
  /** Files with a write that was given up and has not ended. */
  private readonly hanging = new Set<string>();

  constructor(private readonly limitMs = LIMIT_MS) {}

  /**
   * @param onLate called when the write was given up and has ended after all, well or not
   * @throws Error of the file system, or that the disk does not answer; no other write of this file begins until that one
   *   has ended
   */
  async write(path: string, work: () => Promise<void>, onLate: () => void): Promise<void> {
    if (this.hanging.has(path)) throw hangs();
    const given = new AbortController();
    const late = delay(this.limitMs, true, { signal: given.signal }).catch(() => false);
    const writing = work();
    const isLate = await Promise.race([writing.then(() => false), late]).finally(() => {
      given.abort();
    });
    if (!isLate) return;
    this.hanging.add(path);
    const ended = (): void => {
      this.hanging.delete(path);
      onLate();
    };
    writing.then(ended, ended);
    throw hangs();
  }
}
