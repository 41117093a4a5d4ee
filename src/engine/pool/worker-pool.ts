import type { BatchDone, CostCoefficients, FromWorker, VersionSpec } from '../protocol/protocol.js';
import { DEATHS_THAT_CONDEMN_A_VERSION, RollingLoad, type RollingResult } from './rolling-load.js';
import { StartBackoff } from './start-backoff.js';
import { WorkerHandle, type WorkerEvents } from './worker-handle.js';

/** Why a worker was replaced. */
export type LossReason = 'exit' | 'watchdog' | 'memory' | 'start_failed';

/** What becomes of a version across the pool. */
export type VersionEvent =
  | { readonly state: 'warming' }
  | { readonly state: 'ready'; readonly cost: CostCoefficients }
  | { readonly state: 'failed'; readonly reason: string };

export interface PoolListener {
  /** The worker can take batches of a further version, or has become active. */
  workerAvailable(worker: WorkerHandle): void;
  batchDone(worker: WorkerHandle, message: BatchDone): void;
  /** The process is gone; what it was running is lost. */
  workerLost(worker: WorkerHandle, reason: LossReason, how: string): void;
  versionChanged(key: string, event: VersionEvent): void;
}

export interface PoolOptions {
  /** Script that each worker process runs. */
  readonly entryFile: string;
  readonly workers: number;
  readonly spareWorkers: number;
  /** A worker that has not started, or not loaded what it was told to, after this long is replaced. */
  readonly startTimeoutMs: number;
}

/** A process that has not loaded its versions by then is taken for hung. */
export const START_TIMEOUT_MS = 60_000;

const CLOSE_TIMEOUT_MS = 1_000;

const SHUTTING_DOWN = 'the service is shutting down';

/**
 * Keeps the wanted number of inference processes alive with every version loaded, and a spare beside them: when
 * an active worker is lost the spare takes its place at once and a new spare is started behind it.
 */
export class WorkerPool implements WorkerEvents {
  private readonly handles = new Set<WorkerHandle>();
  private readonly specs = new Map<string, VersionSpec>();
  private readonly everLoaded = new Set<string>();
  private readonly deathsWhileLoading = new Map<string, number>();
  private readonly killedFor = new WeakMap<WorkerHandle, LossReason>();
  private readonly startTimers = new Map<WorkerHandle, NodeJS.Timeout>();
  private readonly everReady = new WeakSet<WorkerHandle>();
  private readonly onceGone = new Map<WorkerHandle, () => void>();
  private readonly backoff = new StartBackoff();
  private retry: NodeJS.Timeout | undefined;
  private rolling: RollingLoad | undefined;
  private restarts = 0;
  private closing = false;

  constructor(
    private readonly options: PoolOptions,
    private readonly listener: PoolListener,
  ) {}

  /** Forks the active workers; the spare follows once they are ready, so that it does not slow their start. */
  start(): void {
    this.replenish();
  }

  /** Loads a version into every worker, present and future, behind those asked for before; all load at once. */
  load(spec: VersionSpec): void {
    this.specs.set(spec.key, spec);
    for (const worker of this.handles) this.loadInto(worker, spec);
  }

  /**
   * Loads a version into one worker after the other while the rest infer; see {@link RollingLoad}. It is reported
   * ready once all have it, and failed when it is given up; no worker has it then. One at a time.
   */
  async loadOneByOne(spec: VersionSpec): Promise<RollingResult> {
    if (this.closing) return { ok: false, reason: SHUTTING_DOWN };
    if (this.rolling !== undefined) throw new Error(`${this.rolling.spec.key} is being loaded still`);
    this.rolling = new RollingLoad(spec, {
      workers: () => [...this.handles],
      isWhole: () => this.isWhole(),
      load: (worker) => {
        this.loadInto(worker, spec);
      },
      available: (worker) => {
        this.listener.workerAvailable(worker);
      },
    });
    this.rolling.advance();
    const result = await this.rolling.result;
    if (result.ok) {
      this.specs.set(spec.key, spec);
      this.report(spec.key, { state: 'ready', cost: result.cost });
    } else {
      this.report(spec.key, { state: 'failed', reason: result.reason });
      await this.unload(spec.key);
    }
    this.rolling = undefined;
    return result;
  }

  /** Takes a version from every worker, behind the batches that they have in hand; resolves when all have given it up. */
  async unload(key: string): Promise<void> {
    this.specs.delete(key);
    await Promise.all([...this.handles].map((worker) => this.unloadFrom(worker, key)));
  }

  active(): WorkerHandle[] {
    return [...this.handles].filter((worker) => worker.role === 'active');
  }

  pids(): number[] {
    return [...this.handles].map((worker) => worker.pid).filter((pid) => pid !== undefined);
  }

  status(): {
    wanted: number;
    ready: number;
    spareReady: number;
    restarts: number;
    startFailuresInARow: number;
    exhausted: boolean;
  } {
    const ready = [...this.handles].filter((worker) => worker.ready || worker.isResting);
    return {
      wanted: this.options.workers,
      ready: ready.filter((worker) => worker.role === 'active').length,
      spareReady: ready.filter((worker) => worker.role === 'spare').length,
      restarts: this.restarts,
      startFailuresInARow: this.backoff.failuresInARow,
      exhausted: this.backoff.exhausted,
    };
  }

  /** Ends a worker now; the loss is reported with this reason and a replacement takes over. */
  kill(worker: WorkerHandle, reason: LossReason): void {
    if (!this.killedFor.has(worker)) this.killedFor.set(worker, reason);
    worker.kill();
  }

  /** Closes every channel, waits for the processes to end by themselves, then ends those that did not. */
  async close(): Promise<void> {
    this.closing = true;
    clearTimeout(this.retry);
    this.rolling?.failed(SHUTTING_DOWN);
    const ends = [...this.handles].map(
      (worker) => new Promise<void>((resolve) => this.onceGone.set(worker, resolve)),
    );
    for (const worker of this.handles) worker.disconnect();
    const force = setTimeout(() => {
      for (const worker of this.handles) worker.kill();
    }, CLOSE_TIMEOUT_MS);
    await Promise.all(ends);
    clearTimeout(force);
  }

  message(worker: WorkerHandle, message: FromWorker): void {
    this.handle(worker, message);
    this.rolling?.advance();
  }

  exit(worker: WorkerHandle, how: string): void {
    this.handles.delete(worker);
    this.onceGone.get(worker)?.();
    this.forgetStart(worker);
    const wasReady = this.everReady.has(worker);
    const reason = this.killedFor.get(worker) ?? (wasReady ? 'exit' : 'start_failed');
    if (this.closing) return;
    this.restarts++;
    this.rolling?.lost(worker, how);
    if (!wasReady) {
      this.backoff.failed();
      if (worker.started && worker.loading !== undefined) this.diedLoading(worker.loading, how);
    }
    this.listener.workerLost(worker, reason, how);
    this.replenish();
  }

  private handle(worker: WorkerHandle, message: FromWorker): void {
    switch (message.type) {
      case 'online':
        this.started(worker);
        return;
      case 'warming':
        if (!this.everLoaded.has(message.key) || this.isRolling(message.key)) {
          this.report(message.key, { state: 'warming' });
        }
        return;
      case 'loaded':
        this.everLoaded.add(message.key);
        if (this.isRolling(message.key)) this.rolling?.loaded(worker, message.cost);
        else this.report(message.key, { state: 'ready', cost: message.cost });
        this.loadSettled(worker);
        return;
      case 'load_failed':
        this.loadFailed(worker, message.key, message.message);
        return;
      case 'unloaded':
        return;
      case 'done':
        this.listener.batchDone(worker, message);
        return;
      default:
        return message satisfies never;
    }
  }

  private loadInto(worker: WorkerHandle, spec: VersionSpec): void {
    worker.load(spec);
    this.watchStart(worker);
  }

  /** A process that does not even give a version up is replaced by one that never had it. */
  private async unloadFrom(worker: WorkerHandle, key: string): Promise<void> {
    const timer = setTimeout(() => {
      this.kill(worker, 'watchdog');
    }, this.options.startTimeoutMs);
    await worker.unload(key);
    clearTimeout(timer);
  }

  /** Every process that can be expected is there, and does nothing but infer or wait. */
  private isWhole(): boolean {
    const { workers, spareWorkers } = this.options;
    const active = this.active();
    const expected = active.every((worker) => worker.ready) ? workers + spareWorkers : workers;
    const isComplete = active.length === workers && this.handles.size >= expected;
    return isComplete && [...this.handles].every((worker) => worker.alive && worker.settled);
  }

  private isRolling(key: string): boolean {
    return this.rolling?.spec.key === key;
  }

  private loadSettled(worker: WorkerHandle): void {
    this.started(worker);
    if (worker.ready) {
      this.everReady.add(worker);
      this.backoff.succeeded();
      this.replenish();
    }
    if (worker.role === 'active' && worker.ready) this.listener.workerAvailable(worker);
  }

  private watchStart(worker: WorkerHandle): void {
    clearTimeout(this.startTimers.get(worker));
    const timer = setTimeout(() => {
      this.kill(worker, 'start_failed');
    }, this.options.startTimeoutMs);
    this.startTimers.set(worker, timer);
  }

  private started(worker: WorkerHandle): void {
    if (worker.settled) this.forgetStart(worker);
  }

  private forgetStart(worker: WorkerHandle): void {
    clearTimeout(this.startTimers.get(worker));
    this.startTimers.delete(worker);
  }

  /** What a worker says of a version that is no longer wanted changes nothing. */
  private report(key: string, event: VersionEvent): void {
    if (this.closing) return;
    if (this.specs.has(key) || this.isRolling(key)) this.listener.versionChanged(key, event);
  }

  /**
   * A version that has been loaded before can be loaded: the fault is this process's (a file that could not be read
   * just now), so the process is replaced. Otherwise it is the version that fails.
   */
  private loadFailed(worker: WorkerHandle, key: string, reason: string): void {
    if (this.isRolling(key)) {
      this.started(worker);
      this.rolling?.failed(reason);
      return;
    }
    if (this.everLoaded.has(key)) {
      this.backoff.failed();
      this.kill(worker, 'start_failed');
      return;
    }
    this.report(key, { state: 'failed', reason });
    this.loadSettled(worker);
  }

  private diedLoading(key: string, how: string): void {
    if (this.everLoaded.has(key)) return;
    const deaths = (this.deathsWhileLoading.get(key) ?? 0) + 1;
    this.deathsWhileLoading.set(key, deaths);
    if (deaths < DEATHS_THAT_CONDEMN_A_VERSION) return;
    this.report(key, {
      state: 'failed',
      reason: `${deaths} worker processes died while loading it (${how})`,
    });
    void this.unload(key);
  }

  /** Brings the pool back to its size: spares move up first, then processes are started. */
  private replenish(): void {
    if (this.closing) return;
    const spares = [...this.handles].filter((worker) => worker.role === 'spare');
    for (const worker of spares.sort((a, b) => Number(b.ready) - Number(a.ready))) {
      if (this.active().length >= this.options.workers) break;
      worker.role = 'active';
      if (worker.ready) this.listener.workerAvailable(worker);
    }
    const delayMs = this.backoff.nextDelayMs();
    if (delayMs === 0) {
      this.startMissing();
    } else {
      clearTimeout(this.retry);
      this.retry = setTimeout(() => {
        this.startMissing();
      }, delayMs);
    }
  }

  private startMissing(): void {
    while (this.active().length < this.options.workers) this.startOne('active');
    const everyActiveReady = this.active().every((worker) => worker.ready);
    if (!everyActiveReady) return;
    while (this.handles.size < this.options.workers + this.options.spareWorkers) this.startOne('spare');
  }

  private startOne(role: 'active' | 'spare'): void {
    const worker = new WorkerHandle(this.options.entryFile, role, this);
    this.handles.add(worker);
    for (const spec of this.specs.values()) worker.load(spec);
    this.watchStart(worker);
  }
}
