import type { ErrorCode } from '../../base/errors/codes.js';
import type { Answer } from '../tasks/task.js';
import type { Encoding } from '../tokenization/text-tokenizer.js';
import type { BatchPlan } from './batch-plan.js';

/** Why a text has no answer, in the form in which the errors file of a batch contains it. */
export interface LineError {
  readonly code: ErrorCode;
  readonly message: string;
}

export type TextOutcome = Answer | LineError;

/**
 * Number of worker deaths after which a planned batch is split and its texts run alone. A batch that is itself the
 * cause kills its worker every time. A few deaths by chance (low memory, an operator) must not change the batching,
 * since that may change the last digit of a score.
 */
const DEATHS_THAT_SPLIT_A_BATCH = 3;

/** Number of worker deaths after which a text that runs alone is considered the cause. */
const DEATHS_ALONE_THAT_CONDEMN_A_TEXT = 2;

/** Texts `start` to `end` of a group's plan, the latter excluded. */
export interface GroupBatch {
  readonly group: BatchGroup;
  readonly start: number;
  readonly end: number;
  /**
   * True after a message with this batch has failed or lost its worker. The batch then runs alone, to find the cause.
   */
  isSuspect: boolean;
  /** Workers that died while they ran this batch alone, because of it or by chance. */
  deaths: number;
}

/** The batches of one block, and the outcomes of its texts. */
export class BatchGroup {
  /** True once a batch was sent to a worker. */
  started = false;
  readonly done: Promise<readonly TextOutcome[] | undefined>;
  private readonly outcomes: TextOutcome[];
  private open: number;
  private settle: (outcomes: readonly TextOutcome[] | undefined) => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;

  constructor(private readonly plan: BatchPlan) {
    this.open = plan.encodings.length;
    this.outcomes = new Array<TextOutcome>(this.open);
    this.done = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.reject = reject;
    });
    if (this.open === 0) this.settle(this.outcomes);
  }

  batches(): GroupBatch[] {
    return this.plan.ends.map((end, i) => this.batch(i === 0 ? 0 : (this.plan.ends[i - 1] ?? 0), end, false));
  }

  encodingsOf({ start, end }: GroupBatch): readonly Encoding[] {
    return this.plan.encodings.slice(start, end);
  }

  /** Tokens of a batch's longest text. */
  longestOf({ end }: GroupBatch): number {
    return this.plan.encodings[end - 1]?.ids.length ?? 0;
  }

  /** Abandons the group: {@link done} resolves to undefined. */
  drop(): void {
    this.settle(undefined);
  }

  fail(error: Error): void {
    this.reject(error);
  }

  /** @param answers one per text of the batch */
  answered({ start, end }: GroupBatch, answers: readonly (Answer | undefined)[]): void {
    for (let i = start; i < end; i++) {
      this.set(
        i,
        answers[i - start] ?? {
          code: 'INTERNAL',
          message: 'The worker answered fewer rows than it was given texts.',
        },
      );
    }
  }

  /** The model failed on the batch. @returns the batches to run instead: each text alone */
  failed(batch: GroupBatch, { code, message }: LineError): GroupBatch[] {
    if (batch.end - batch.start > 1) return this.split(batch);
    this.set(batch.start, { code, message: `The model failed: ${message}` });
    return [];
  }

  /** The worker died while it ran this batch alone. @returns the batches to run again */
  lost(batch: GroupBatch): GroupBatch[] {
    batch.deaths++;
    const isAlone = batch.end - batch.start === 1;
    if (batch.deaths < (isAlone ? DEATHS_ALONE_THAT_CONDEMN_A_TEXT : DEATHS_THAT_SPLIT_A_BATCH))
      return [batch];
    if (!isAlone) return this.split(batch);
    const message = 'This text, on its own, ended two worker processes.';
    this.set(batch.start, { code: 'INFERENCE_FAILED', message });
    return [];
  }

  private split({ start, end }: GroupBatch): GroupBatch[] {
    return Array.from({ length: end - start }, (_, i) => this.batch(start + i, start + i + 1, true));
  }

  private batch(start: number, end: number, isSuspect: boolean): GroupBatch {
    return { group: this, start, end, isSuspect, deaths: 0 };
  }

  private set(index: number, outcome: TextOutcome): void {
    this.outcomes[index] = outcome;
    this.open--;
    if (this.open === 0) this.settle(this.outcomes);
  }
}
