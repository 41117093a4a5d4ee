import type { AppError } from '../../base/errors/app-error.js';
import type { TextRows } from '../tasks/message-rows.js';
import type { WindowRange } from '../view.js';
import type { InferenceItem, InferenceTimes, Origin, Priority } from './executor.js';
import type { QueuedText } from './text-queue.js';

/** How the runs of a text ended, or those of a range of its windows. */
export type RowsOutcome =
  | { readonly ok: true; readonly rows: TextRows; readonly times: InferenceTimes }
  | { readonly ok: false; readonly error: AppError };

/** What a queue has to know of a text, or of a range of its windows. */
export interface PendingWork {
  /** Windows that are run; null: what the model reads of the text without windows. */
  readonly range: WindowRange | null;
  /** Runs of the model that it is estimated to need. */
  readonly sequences: number;
  /** Estimated, of the longest sequence, special tokens included. */
  readonly tokens: number;
  /** Predicted work in full batches, in milliseconds. */
  readonly workMs: number;
  /** Predicted time on its own, in milliseconds. */
  readonly soloMs: number;
  /** `performance.now()` when it was submitted. */
  readonly enqueuedAt: number;
  /** `performance.now()` from which it is due: later than `enqueuedAt` for all but the first ranges of a long text. */
  readonly turnAt: number;
  readonly priority: Priority;
}

/**
 * A text between admission and answer, or a range of its windows. Answered exactly once, whatever becomes of workers and
 * callers.
 */
export class PendingText implements QueuedText, PendingWork {
  /** The version that it waits for. */
  readonly key: string;
  readonly text: string;
  readonly range: WindowRange | null;
  readonly sequences: number;
  readonly tokens: number;
  readonly workMs: number;
  readonly soloMs: number;
  readonly enqueuedAt: number;
  readonly turnAt: number;
  readonly priority: Priority;
  /** The client that was admitted with it; empty when there is no particular client. */
  readonly client: string;
  line: string;
  /** `performance.now()` after which the answer is useless; Infinity when there is no deadline. */
  deadlineAt: number;
  readonly origin: Origin;
  /** Answered even if the tokenizer leaves nothing of it. */
  readonly evenEmpty: boolean;
  alone = false;
  /** Workers that died while this text was the only one they ran. */
  deathsAlone = 0;
  /** It was in a worker that died or hung. */
  lost = false;
  private done = false;

  /** @param answered called once, with the outcome */
  constructor(
    key: string,
    {
      text,
      client = '',
      deadlineAt = Infinity,
      origin = 'user',
      evenEmpty = false,
    }: Omit<InferenceItem, 'version'>,
    { range, sequences, tokens, workMs, soloMs, enqueuedAt, turnAt, priority }: PendingWork,
    private readonly answered: (outcome: RowsOutcome) => void,
  ) {
    this.key = key;
    this.text = text;
    this.range = range;
    this.sequences = sequences;
    this.tokens = tokens;
    this.workMs = workMs;
    this.soloMs = soloMs;
    this.enqueuedAt = enqueuedAt;
    this.turnAt = turnAt;
    this.priority = priority;
    this.client = client;
    this.line = client;
    this.deadlineAt = deadlineAt;
    this.origin = origin;
    this.evenEmpty = evenEmpty;
  }

  /** True once answered, also when that answer was that the caller has left. */
  get settled(): boolean {
    return this.done;
  }

  settle(outcome: RowsOutcome): void {
    if (this.done) return;
    this.done = true;
    this.answered(outcome);
  }

  fail(error: AppError): void {
    this.settle({ ok: false, error });
  }
}
