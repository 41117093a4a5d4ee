import type { AppError } from '../../base/errors/app-error.js';
import { answerOf, joinRows, type TextRows } from '../tasks/message-rows.js';
import { taskOf } from '../tasks/table.js';
import type { Task } from '../tasks/task.js';
import { FIRST_WINDOW, isFirstWindow, type View, type WindowRange } from '../view.js';
import type { Computation, InferenceItem, InferenceTimes, Outcome, Priority, Turn } from './executor.js';
import { PendingText, type RowsOutcome } from './pending-text.js';

/** Windows of one message at least: each range is tokenized from the beginning of the text. */
const LEAST_WINDOWS = 2;

/** Predicted milliseconds of sequences of one text that run together. */
export interface Price {
  /** As a run of their own. */
  readonly soloMs: number;
  /** As their part of full batches of sequences of the same length. */
  readonly workMs: number;
}

/** How a text is cut into messages. */
export interface Submission {
  readonly priority: Priority;
  /** `performance.now()` */
  readonly now: number;
  /** The cost of so many sequences of so many tokens each, for a version. */
  readonly priceOf: (key: string, tokens: number, sequences: number) => Price;
  /** Workers that share the ranges of a long text. */
  readonly workers: number;
  /** Called with the parts that nothing needs any more: another part has failed, or the caller has left. */
  readonly abandon: (part: PendingText) => void;
  /** Called with the parts that another client waits for too. */
  readonly offer: (part: PendingText, client: string) => void;
}

/**
 * A text as its caller sees it: one pending text, or, when it is read in many windows, one for each range of them, so
 * that several workers share it. Each range is due when the ones before it are predicted to be done: a text that comes
 * meanwhile goes before the ranges that are not due yet, so a long text delays no short one by more than a message.
 */
export class SubmittedText implements Computation {
  readonly parts: readonly PendingText[];
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
  private readonly task: Task;
  /** Of the ranges of windows; empty for a text that is read up to the model's limit. */
  private readonly rows: TextRows[] = [];
  private open = 1;
  private resolve!: (outcome: Outcome) => void;

  constructor(
    item: InferenceItem,
    private readonly submission: Submission,
  ) {
    const { version, text, view = FIRST_WINDOW } = item;
    const { priority, now, priceOf, workers } = submission;
    this.task = taskOf(version);
    this.outcome = new Promise((resolve) => {
      this.resolve = resolve;
    });
    const { sequences, tokens } = this.task.estimate(text, view, version.manifest.max_tokens);
    const base = { tokens, enqueuedAt: now, priority, range: null, sequences, turnAt: now };
    if (isFirstWindow(view)) {
      this.parts = [
        new PendingText(
          version.key,
          item,
          { ...base, ...priceOf(version.key, tokens, sequences) },
          (outcome) => {
            this.resolve(outcome.ok ? this.success(outcome.rows, outcome.times) : outcome);
          },
        ),
      ];
      return;
    }
    const perMessage = Math.floor(version.manifest.batching.max_padded_tokens / tokens);
    const windowMs = priceOf(version.key, tokens, 1).soloMs / workers;
    const ranges = rangesOf(view, sequences, Math.max(LEAST_WINDOWS, perMessage));
    this.parts = ranges.map(({ range, count }, i) => {
      const turnAt = now + (i === 0 ? 0 : range.from * windowMs);
      const work = { ...base, ...priceOf(version.key, tokens, count), range, sequences: count, turnAt };
      return new PendingText(version.key, item, work, (outcome) => {
        this.answered(i, outcome);
      });
    });
    this.open = this.parts.length;
  }

  cancel(error: AppError): void {
    for (const part of this.parts) this.giveUp(part, error);
  }

  update({ deadlineAt }: Turn): void {
    for (const part of this.parts) part.deadlineAt = deadlineAt;
  }

  share(client: string): void {
    for (const part of this.parts) if (!part.settled) this.submission.offer(part, client);
  }

  private answered(part: number, outcome: RowsOutcome): void {
    if (!outcome.ok) {
      // The promise keeps the first outcome.
      this.resolve(outcome);
      for (const other of this.parts) this.giveUp(other, outcome.error);
      return;
    }
    this.rows[part] = outcome.rows;
    this.open--;
    if (this.open === 0) this.resolve(this.success(joinRows(this.rows), outcome.times));
  }

  private giveUp(part: PendingText, error: AppError): void {
    if (part.settled) return;
    part.fail(error);
    this.submission.abandon(part);
  }

  /** @param times of ranges those of the last one: the caller waited for it */
  private success(rows: TextRows, times: InferenceTimes): Outcome {
    return { ok: true, value: { ...times, answer: answerOf(this.task, rows) } };
  }
}

/** Ranges of `perMessage` windows; the last one goes on to the view's end, where the estimate was too low. */
function rangesOf(
  { max }: View,
  sequences: number,
  perMessage: number,
): { readonly range: WindowRange; readonly count: number }[] {
  const ranges = [];
  for (let from = 0; from < sequences; from += perMessage) {
    const isLast = from + perMessage >= sequences;
    const count = Math.min(perMessage, sequences - from);
    ranges.push({ range: { from, to: isLast ? max : from + perMessage }, count });
  }
  return ranges;
}
