import type { ErrorCode } from '../../base/errors/codes.js';
import type { Answer } from '../tasks/task.js';
import type { Encoding } from '../tokenization/text-tokenizer.js';
import type { BatchPlan } from './batch-plan.js';

/** Why a text has no answer; as it stands in the errors file of a batch. */
export interface LineError {
  readonly code: ErrorCode;
  readonly message: string;
}

export type TextOutcome = Answer | LineError;

/**
 * Runs of a batch, as it was planned, that may end with the death of their worker before its texts are tried alone.
 * A batch that kills does so every time; several deaths in a row by chance (the kernel short of memory, an operator)
 * must not change how texts are batched, since that may change the last digit of a score.
 */
const DEATHS_THAT_SPLIT_A_BATCH = 3;

/** Runs in which one text, on its own, may take a worker down before it is blamed. */
const DEATHS_ALONE_THAT_CONDEMN_A_TEXT = 2;

/** Texts `start` to `end` of a group's plan, the latter excluded. */
export interface GroupBatch {
  readonly group: BatchGroup;
  readonly start: number;
  readonly end: number;
  /** A message that it was part of has failed, or its worker died: it goes alone, so that it is known who is to blame. */
  isSuspect: boolean;
  /** Workers that died of it, or by chance, while they ran it and nothing else. */
  deaths: number;
}

/** The batches of one block, and what becomes of its texts. */
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

  /** Gives it up: {@link done} resolves to undefined. */
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

  /** The model failed on the batch. @returns what must run instead: its texts, each alone */
  failed(batch: GroupBatch, { code, message }: LineError): GroupBatch[] {
    if (batch.end - batch.start > 1) return this.split(batch);
    this.set(batch.start, { code, message: `The model failed: ${message}` });
    return [];
  }

  /** The worker died while it ran this batch alone. @returns what must run again */
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
