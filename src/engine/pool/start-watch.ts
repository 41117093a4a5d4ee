import type { WorkerHandle } from './worker-handle.js';

/** `<model>/<version>` of a version's key: the digest tells a reader of the log nothing more. */
export const nameOf = (key: string): string => key.replace(/@.*/, '');

/** Notices processes that do not start, or do not finish a load, in time. */
export class StartWatch {
  private readonly timers = new Map<WorkerHandle, NodeJS.Timeout>();

  /**
   * @param limitMs time for the start of a process, and for each load
   * @param onLate is told the process, and a clause about it for the log
   */
  constructor(
    private readonly limitMs: number,
    private readonly onLate: (worker: WorkerHandle, why: string) => void,
  ) {}

  /** The process has begun something: its time starts anew. */
  begin(worker: WorkerHandle): void {
    this.end(worker);
    const timer = setTimeout(() => {
      const { loading } = worker;
      const what = loading === undefined ? 'start' : `load ${nameOf(loading)}`;
      this.onLate(worker, `it did not ${what} within ${String(this.limitMs)} ms`);
    }, this.limitMs);
    this.timers.set(worker, timer);
  }

  /** The process has nothing to load any more, or has ended. */
  end(worker: WorkerHandle): void {
    clearTimeout(this.timers.get(worker));
    this.timers.delete(worker);
  }
}
