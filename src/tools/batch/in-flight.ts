/** Uncompressed bytes of blocks in memory at once; a block with lines of megabytes counts for what it is. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Blocks of a few batches (mostly equal texts, or long lines) in memory at once. */
const MAX_BLOCKS = 32;

/** Batches that wait per worker, two messages or more: more only fill the memory, fewer and a worker may find none. */
const WAITING_PER_WORKER = 16;

/** Decides when the next block is read, so that the workers never wait and the memory stays flat. */
export class InFlight {
  private blocks = 0;
  private bytes = 0;
  private wake: () => void = () => undefined;

  constructor(
    private readonly workers: number,
    private readonly waitingBatches: () => number,
  ) {}

  add(bytes: number): void {
    this.blocks++;
    this.bytes += bytes;
  }

  remove(bytes: number): void {
    this.blocks--;
    this.bytes -= bytes;
    this.changed();
  }

  /** To be called whenever there may be room. */
  changed(): void {
    this.wake();
  }

  /** Resolves when another block is wanted, or `stopped` says that none is. */
  async room(stopped: () => boolean): Promise<void> {
    while (!stopped() && !this.hasRoom()) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private hasRoom(): boolean {
    if (this.blocks === 0) return true;
    const isHungry = this.waitingBatches() < WAITING_PER_WORKER * this.workers;
    return isHungry && this.blocks < MAX_BLOCKS && this.bytes < MAX_BYTES;
  }
}
