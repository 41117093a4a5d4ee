import type { AppError } from '../../base/errors/app-error.js';
import type { Outcome, Priority } from './executor.js';
import type { Task } from '../tasks/task.js';
import type { QueuedText } from './text-queue.js';

/** A text between admission and answer. Answered exactly once, whatever becomes of workers and of whoever waits. */
export class PendingText implements QueuedText {
  readonly outcome: Promise<Outcome>;
  alone = false;
  /** Workers that died while this text was the only one they ran. */
  deathsAlone = 0;
  /** It was in a worker that died or hung. */
  lost = false;
  private done = false;
  private answer!: (outcome: Outcome) => void;

  /** @param key the version that it waits for */
  constructor(
    readonly key: string,
    readonly text: string,
    readonly tokens: number,
    readonly enqueuedAt: number,
    readonly priority: Priority,
    /** Of the version: makes an answer of the rows that a worker answers. */
    readonly task: Task,
  ) {
    this.outcome = new Promise((resolve) => {
      this.answer = resolve;
    });
  }

  /** True once answered, also when that answer was that nobody waits any more. */
  get settled(): boolean {
    return this.done;
  }

  settle(outcome: Outcome): void {
    if (this.done) return;
    this.done = true;
    this.answer(outcome);
  }

  fail(error: AppError): void {
    this.settle({ ok: false, error });
  }
}
