/** Read after each batch it took 2 % of a worker's time; four times a second is often enough. */
const SAMPLE_INTERVAL_MS = 250;

/** The resident memory of this process, read anew when the last reading is old. */
export class ResidentMemory {
  private bytes = 0;
  private readAt = -Infinity;

  read(): number {
    const now = performance.now();
    if (now - this.readAt >= SAMPLE_INTERVAL_MS) {
      this.bytes = process.memoryUsage.rss();
      this.readAt = now;
    }
    return this.bytes;
  }
}
