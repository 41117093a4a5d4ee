import type { AppError } from '../errors/app-error.js';
import type { Outcome } from './executor.js';
import type { QueuedText } from './text-queue.js';

/** A text between admission and answer. Answered exactly once, whatever becomes of workers, deadline and caller. */
export class PendingText implements QueuedText {
  alone = false;
  /** Workers that died while this text was the only one they ran. */
  deathsAlone = 0;
  private done = false;

  /** @param key the version that it waits for */
  constructor(
    readonly key: string,
    readonly text: string,
    readonly tokens: number,
    readonly enqueuedAt: number,
    private readonly answer: (outcome: Outcome) => void,
  ) {}

  /** True once answered, also when that answer was that the deadline has passed. */
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
