import type { BatchDone, CostCoefficients, FromWorker, VersionSpec } from '../protocol/protocol.js';
import { DEATHS_THAT_CONDEMN_A_VERSION, RollingLoad, type RollingResult } from './rolling-load.js';
import { StartBackoff, type StartFailures } from './start-backoff.js';
import { HangWatch } from './hang-watch.js';
import { nameOf, StartWatch } from './start-watch.js';
import { WorkerHandle, type WorkerEvents } from './worker-handle.js';

/** Why a worker was replaced. */
export type LossReason = 'exit' | 'watchdog' | 'memory' | 'start_failed';

interface Kill {
  readonly reason: LossReason;
  readonly why: string;
}

/** A change of a version's state in the whole pool. */
export type VersionEvent =
  | { readonly state: 'warming' }
  | { readonly state: 'ready'; readonly cost: CostCoefficients }
  | { readonly state: 'failed'; readonly reason: string };

export interface PoolListener {
  /** The worker can take batches of a further version, or has become active. */
  workerAvailable(worker: WorkerHandle): void;
  batchDone(worker: WorkerHandle, message: BatchDone): void;
  /**
   * The process has ended; the messages that it had are lost.
   * @param how why it was killed, or how it ended by itself: "it could not load sentiment/v1: …", "signal SIGSEGV"
   */
  workerLost(worker: WorkerHandle, reason: LossReason, how: string): void;
  versionChanged(key: string, event: VersionEvent): void;
}

export interface PoolOptions {
  /** Script that each worker process runs. */
  readonly entryFile: string;
  readonly workers: number;
  readonly spareWorkers: number;
  /** A worker that needs more than this for a step of its start or of a load, of its own time, is replaced. */
  readonly startTimeoutMs: number;
}

/** Of a process's own time, for each step of its start or of a load: then it hangs. */
export const START_TIMEOUT_MS = 60_000;

const CLOSE_TIMEOUT_MS = 1_000;

const KILLED_FROM_OUTSIDE =
  'signal SIGKILL, which was not sent from here: the kernel sends it when memory runs out';

const SHUTTING_DOWN = 'the service is shutting down';

/**
 * Keeps the configured number of inference processes alive, each with every version loaded, and spare processes in
 * addition. When an active worker is lost, a spare takes its place at once and a new spare is started.
 */
export class WorkerPool implements WorkerEvents {
  private readonly handles = new Set<WorkerHandle>();
  private readonly specs = new Map<string, VersionSpec>();
  private readonly everLoaded = new Set<string>();
  private readonly deathsWhileLoading = new Map<string, number>();
  private readonly killedFor = new WeakMap<WorkerHandle, Kill>();
  private readonly starts: StartWatch;
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
  ) {
    this.starts = new StartWatch(options.startTimeoutMs, (worker, why) => {
      this.kill(worker, 'start_failed', why);
    });
  }

  /** Forks the active workers; the spare follows once they are ready, so that it does not slow their start. */
  start(): void {
    this.replenish();
  }

  /**
   * Loads a version into every present and future worker, after the versions requested before. All workers load at the
   * same time.
   */
  load(spec: VersionSpec): void {
    this.specs.set(spec.key, spec);
    for (const worker of this.handles) this.loadInto(worker, spec);
  }

  /**
   * Loads a version into one worker after the other while the rest infer; see {@link RollingLoad}. The version is
   * reported ready once all workers have it. If the load is abandoned, it is reported failed and no worker has it. Only
   * one such load may run at a time.
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

  /**
   * Unloads a version from every worker, after the batches that they already have. Resolves when all have unloaded it.
   */
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
    startFailuresInARow: StartFailures;
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

  /** Kills a worker now; another replaces it. The log gets the reason and `why`, a clause about the process. */
  kill(worker: WorkerHandle, reason: LossReason, why: string): void {
    if (!this.killedFor.has(worker)) this.killedFor.set(worker, { reason, why });
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

  exit(worker: WorkerHandle, ended: string): void {
    this.handles.delete(worker);
    this.onceGone.get(worker)?.();
    this.starts.end(worker);
    const wasReady = this.everReady.has(worker);
    const { reason, why: how } = this.killedFor.get(worker) ?? {
      reason: wasReady ? 'exit' : 'start_failed',
      why: ended === 'signal SIGKILL' ? KILLED_FROM_OUTSIDE : ended,
    };
    if (this.closing) return;
    this.restarts++;
    this.rolling?.lost(worker, how);
    if (!wasReady || reason === 'start_failed') this.backoff.failed(how);
    if (!wasReady && worker.started && worker.loading !== undefined) this.diedLoading(worker.loading, how);
    this.listener.workerLost(worker, reason, how);
    this.replenish();
  }

  private handle(worker: WorkerHandle, message: FromWorker): void {
    switch (message.type) {
      case 'online':
      case 'load_step':
        this.stepped(worker);
        return;
      case 'warming':
        this.stepped(worker);
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
    this.starts.begin(worker);
  }

  /** A process that does not unload the version in time is replaced by one that never had it. */
  private async unloadFrom(worker: WorkerHandle, key: string): Promise<void> {
    const { startTimeoutMs: limitMs } = this.options;
    const watch = new HangWatch(worker.pid, limitMs, () => {
      const why = `it did not unload ${nameOf(key)} within ${String(limitMs)} ms of its own time`;
      this.kill(worker, 'watchdog', why);
    });
    await worker.unload(key);
    watch.stop();
  }

  /** True when all expected processes run, and none of them is starting or loading. */
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
    this.stepped(worker);
    if (worker.ready) {
      this.everReady.add(worker);
      this.backoff.succeeded();
      this.replenish();
    }
    if (worker.role === 'active' && worker.ready) this.listener.workerAvailable(worker);
  }

  private stepped(worker: WorkerHandle): void {
    if (worker.settled) this.starts.end(worker);
    else this.starts.begin(worker);
  }

  /** Ignores reports about a version that was unloaded meanwhile. */
  private report(key: string, event: VersionEvent): void {
    if (this.closing) return;
    if (this.specs.has(key) || this.isRolling(key)) this.listener.versionChanged(key, event);
  }

  /**
   * If some worker has loaded the version before, this process is at fault (for example, it could not read a file just
   * now) and is replaced. Otherwise the version itself is reported as failed.
   */
  private loadFailed(worker: WorkerHandle, key: string, reason: string): void {
    if (this.isRolling(key)) {
      this.stepped(worker);
      this.rolling?.failed(reason);
      return;
    }
    if (this.everLoaded.has(key)) {
      this.kill(worker, 'start_failed', `it could not load ${nameOf(key)}: ${reason}`);
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
    this.starts.begin(worker);
  }
}
