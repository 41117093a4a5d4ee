import { AppError } from '../../base/errors/app-error.js';
import type { Priority } from './executor.js';
import { Permits } from './permits.js';

/** The facts about a text that admission may use. The text has not been tokenized yet. */
export interface AdmissibleText {
  /** The key of the version that will run it. */
  readonly key: string;
  /** Estimated tokens, special tokens included. */
  readonly tokens: number;
  /** Estimated runs of the model. */
  readonly sequences: number;
  readonly client: string;
  /** `performance.now()` after which the answer is useless; Infinity when there is no deadline. */
  readonly deadlineAt: number;
  readonly priority: Priority;
}

/**
 * Decides which texts may wait for a worker. The abstract class is the injection token: the service binds
 * {@link CountedAdmission}, and another policy may be bound instead.
 */
export abstract class Admission {
  /**
   * Admits all of these texts, or none. All must have the same priority.
   * @throws AppError OVERLOADED with `retryAfterMs` when they do not fit
   */
  abstract admit(texts: readonly AdmissibleText[]): void;

  /** Releases admitted texts that have ended, with or without an answer. All must have the same priority. */
  abstract release(texts: readonly AdmissibleText[]): void;
}

/** Admits up to a number of texts per priority, each counted with the runs that it is estimated to need. */
export class CountedAdmission extends Admission {
  private readonly permits: Readonly<Record<Priority, Permits>>;

  /** @param limits runs of the model that are admitted at once */
  constructor(limits: Readonly<Record<Priority, number>>) {
    super();
    this.permits = { user: new Permits(limits.user), background: new Permits(limits.background) };
  }

  override admit(texts: readonly AdmissibleText[]): void {
    const [first] = texts;
    if (first === undefined) return;
    const permits = this.permits[first.priority];
    const sequences = sequencesOf(texts);
    if (permits.tryTake(sequences)) return;
    const retryAfterMs = permits.drainMs(performance.now());
    const sentence = `The queue holds ${permits.inUse} of ${permits.limit} texts and ${sequences} more do not fit.`;
    throw new AppError('OVERLOADED', sentence, { retryAfterMs });
  }

  override release(texts: readonly AdmissibleText[]): void {
    const [first] = texts;
    if (first !== undefined) this.permits[first.priority].release(sequencesOf(texts), performance.now());
  }
}

/** Runs of the model that texts are estimated to need together. */
export function sequencesOf(texts: readonly Pick<AdmissibleText, 'sequences'>[]): number {
  let sum = 0;
  for (const { sequences } of texts) sum += sequences;
  return sum;
}
