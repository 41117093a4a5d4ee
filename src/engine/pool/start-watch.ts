import { HangWatch } from './hang-watch.js';
import type { WorkerHandle } from './worker-handle.js';

/** `<model>/<version>` of a version's key: the digest tells a reader of the log nothing more. */
export const nameOf = (key: string): string => key.replace(/@.*/, '');

/**
 * Notices processes that hang while they start or load. A process has the whole time for each step that it reports: its
 * start, reading the files, the opening of a session, each run of the warm-up. How long all steps take together depends
 * on the size of the model, and is no sign of a hang.
 */
export class StartWatch {
  private readonly watches = new Map<WorkerHandle, HangWatch>();

  /**
   * @param limitMs time for each step
   * @param onHung is told the process, and a clause about it for the log
   */
  constructor(
    private readonly limitMs: number,
    private readonly onHung: (worker: WorkerHandle, why: string) => void,
  ) {}

  /** The process has a load before it, or has made a step: its time starts anew. */
  begin(worker: WorkerHandle): void {
    this.end(worker);
    const watch = new HangWatch(worker.pid, this.limitMs, () => {
      const { loading } = worker;
      const what = loading === undefined ? 'its start' : `the load of ${nameOf(loading)}`;
      this.onHung(worker, `${what} made no progress for ${String(this.limitMs)} ms of its own time`);
    });
    this.watches.set(worker, watch);
  }

  /** The process has nothing to load any more, or has ended. */
  end(worker: WorkerHandle): void {
    this.watches.get(worker)?.stop();
    this.watches.delete(worker);
  }
}
