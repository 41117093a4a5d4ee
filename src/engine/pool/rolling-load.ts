import type { CostCoefficients, VersionSpec } from '../protocol/protocol.js';
import type { WorkerHandle } from './worker-handle.js';

/** Two processes that die while loading the same version, which none ever loaded, say that it is the version. */
export const DEATHS_THAT_CONDEMN_A_VERSION = 2;

export type RollingResult =
  { readonly ok: true; readonly cost: CostCoefficients } | { readonly ok: false; readonly reason: string };

/** What a rolling load needs of the pool. */
export interface RollingPool {
  workers(): readonly WorkerHandle[];
  /** Every worker and every spare is there, and idle or inferring: nobody starts or loads. */
  isWhole(): boolean;
  /** Loads into this process, watched: one that does not end within the time limit is killed. */
  load(worker: WorkerHandle, spec: VersionSpec): void;
  /** The worker may take batches (again). */
  available(worker: WorkerHandle): void;
}

/**
 * Loads a version into one worker after the other while the rest infer. The spare goes first and then changes places
 * with an active worker, which loads as the spare: whoever loads takes no batches, so no user waits for a load, and a
 * version that ends processes ends only spares. Without a spare each active worker rests in its turn. A step is taken
 * only while the pool is whole, so a crash meanwhile is mended first.
 */
export class RollingLoad {
  /** Resolves when every worker has the version, or it is given up; then no worker is left resting. */
  readonly result: Promise<RollingResult>;
  private readonly settle: (result: RollingResult) => void;
  private current: WorkerHandle | undefined;
  private cost: CostCoefficients | undefined;
  private deaths = 0;
  private settled = false;

  constructor(
    readonly spec: VersionSpec,
    private readonly pool: RollingPool,
  ) {
    let settle!: (result: RollingResult) => void;
    this.result = new Promise((resolve) => (settle = resolve));
    this.settle = settle;
  }

  /** Takes the next step if it can be taken now; called whenever anything in the pool has changed. */
  advance(): void {
    if (this.settled) return;
    if (this.current === undefined) {
      if (!this.pool.isWhole()) return;
      this.current = this.next();
      this.current?.rest();
    }
    if (this.current === undefined) {
      if (this.cost !== undefined) this.end({ ok: true, cost: this.cost });
    } else if (!this.current.busy && this.current.loading === undefined) {
      this.pool.load(this.current, this.spec);
    }
  }

  /** A worker has loaded it; it may take batches again. */
  loaded(worker: WorkerHandle, cost: CostCoefficients): void {
    // The last one is the freshest; the traffic soon corrects it.
    this.cost = cost;
    if (worker !== this.current) return;
    this.current = undefined;
    worker.resume();
  }

  /** Gives it up; what has been loaded of it is for the caller to unload. */
  failed(reason: string): void {
    this.end({ ok: false, reason });
  }

  /** A process is gone. One that had begun to load it had nothing else in hand: the version is to blame. */
  lost(worker: WorkerHandle, how: string): void {
    if (worker !== this.current) return;
    this.current = undefined;
    if (worker.loading !== this.spec.key) return;
    this.deaths++;
    if (this.deaths < DEATHS_THAT_CONDEMN_A_VERSION) return;
    this.failed(`${this.deaths} worker processes died while loading it (${how})`);
  }

  private end(result: RollingResult): void {
    if (this.settled) return;
    this.settled = true;
    if (this.current?.alive) {
      this.current.resume();
      this.pool.available(this.current);
    }
    this.current = undefined;
    this.settle(result);
  }

  /** Who loads next; undefined when everybody has it. */
  private next(): WorkerHandle | undefined {
    const { key } = this.spec;
    const workers = this.pool.workers();
    const lacking = workers.filter((worker) => !worker.has(key));
    const spare = lacking.find((worker) => worker.role === 'spare');
    const active = lacking.find((worker) => worker.role === 'active');
    if (spare !== undefined || active === undefined) return spare;
    const relief = workers.find((worker) => worker.role === 'spare');
    if (relief !== undefined) {
      active.role = 'spare';
      relief.role = 'active';
      this.pool.available(relief);
    }
    return active;
  }
}
