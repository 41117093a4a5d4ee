import type { AppError } from '../../base/errors/app-error.js';
import type { InferenceItem, Origin, Outcome, Priority } from './executor.js';
import type { QueuedText } from './text-queue.js';

/** A text between admission and answer. Answered exactly once, whatever becomes of workers and callers. */
export class PendingText implements QueuedText {
  readonly outcome: Promise<Outcome>;
  /** Who asks; empty: not known. */
  readonly client: string;
  /** `performance.now()` at which the answer is worthless; Infinity: never. */
  readonly deadlineAt: number;
  readonly origin: Origin;
  /** Runs of the model that it is estimated to need: all of its tokens that are read fit one. */
  readonly sequences = 1;
  alone = false;
  /** Workers that died while this text was the only one they ran. */
  deathsAlone = 0;
  /** It was in a worker that died or hung. */
  lost = false;
  private done = false;
  private answer!: (outcome: Outcome) => void;

  /**
   * @param key the version that it waits for
   * @param tokens estimated, special tokens included
   * @param enqueuedAt `performance.now()` when it was submitted
   */
  constructor(
    readonly key: string,
    readonly text: string,
    readonly tokens: number,
    readonly enqueuedAt: number,
    readonly priority: Priority,
    { client = '', deadlineAt = Infinity, origin = 'user' }: Partial<InferenceItem> = {},
  ) {
    this.client = client;
    this.deadlineAt = deadlineAt;
    this.origin = origin;
    this.outcome = new Promise((resolve) => {
      this.answer = resolve;
    });
  }

  /** True once answered, also when that answer was that the caller has left. */
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
