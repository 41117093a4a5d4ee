import type { CostCoefficients, VersionSpec } from '../protocol/protocol.js';
import type { WorkerHandle } from './worker-handle.js';

/** When this many processes die while they load a version that no process has ever loaded, the version is at fault. */
export const DEATHS_THAT_CONDEMN_A_VERSION = 2;

export type RollingResult =
  { readonly ok: true; readonly cost: CostCoefficients } | { readonly ok: false; readonly reason: string };

/** The part of the pool that a rolling load uses. */
export interface RollingPool {
  workers(): readonly WorkerHandle[];
  /** True when all workers and spares run, and none of them is starting or loading. */
  isWhole(): boolean;
  /** Starts the load in this process. A process that does not finish it within the time limit is killed. */
  load(worker: WorkerHandle, spec: VersionSpec): void;
  /** The worker may take batches (again). */
  available(worker: WorkerHandle): void;
}

/**
 * Loads a version into one worker after the other while the rest infer. The spare loads first. It then changes places
 * with an active worker, which loads as the spare. A loading worker takes no batches, so no user waits for a load, and
 * a version that crashes its process crashes only spares. Without a spare, each active worker stops taking batches in
 * its turn. A step is taken only while the pool is whole, so the pool recovers from a crash before the next step.
 */
export class RollingLoad {
  /** Resolves when every worker has the version, or when the load is abandoned. No worker is resting afterwards. */
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

  /** Takes the next step if that is possible now. The pool calls this after each of its changes. */
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

  /** A worker has loaded the version, and may take batches again. */
  loaded(worker: WorkerHandle, cost: CostCoefficients): void {
    // The latest measurement replaces earlier ones; measurements of real traffic soon correct it.
    this.cost = cost;
    if (worker !== this.current) return;
    this.current = undefined;
    worker.resume();
  }

  /** Abandons the load. The caller unloads the version from the workers that have it. */
  failed(reason: string): void {
    this.end({ ok: false, reason });
  }

  /**
   * A worker process has ended. If it was loading this version it did nothing else, so the version caused its death.
   */
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

  /** The worker that loads next; undefined when every worker has the version. */
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
