import type { ModelVersion } from '../../registry/model-version.js';
import type { InferenceStages } from './inference-stages.js';
import type { Answer } from '../tasks/task.js';
import type { View } from '../view.js';
import type { AppError } from '../../base/errors/app-error.js';

/**
 * `user`: a client waits for the answer. `background`: runs only while no user's text waits, in the shortest possible
 * runs, and has its own small queue.
 */
export type Priority = 'user' | 'background';

/** `user`: a client's request; `internal`: the service itself; `job`: work that no client waits for. */
export type Origin = 'user' | 'internal' | 'job';

/** The client of a text, its origin, its priority and its deadline. These may decide when the text runs. */
export interface Turn {
  /** Names the client: the key that it sends, or its network. */
  readonly client: string;
  readonly origin: Origin;
  readonly priority: Priority;
  /** `performance.now()` after which the answer is useless. */
  readonly deadlineAt: number;
}

/**
 * One text for one version; the texts of one request may go to different versions. Without a turn, the text has no
 * particular client and no deadline, and its priority is `user`.
 */
export interface InferenceItem extends Partial<Turn> {
  readonly version: ModelVersion;
  readonly text: string;
  /** Which part of the text is asked about; absent: its beginning. */
  readonly view?: View;
  /**
   * True for a golden text: it is answered even if the tokenizer leaves nothing of it, which is EMPTY_TEXT otherwise.
   */
  readonly evenEmpty?: boolean;
}

/** The time that each stage of a text's inference took. */
export interface InferenceTimes extends InferenceStages {
  /** `performance.now()` at its admission. */
  readonly admittedAt: number;
  /** `performance.now()` when its result arrived. */
  readonly resultAt: number;
  /** Texts that shared its worker message. */
  readonly batchSize: number;
}

/** An answer with the times of its stages. */
export interface Inference extends InferenceTimes {
  readonly answer: Answer;
}

export type Outcome =
  { readonly ok: true; readonly value: Inference } | { readonly ok: false; readonly error: AppError };

/** A text that has been admitted. */
export interface Computation {
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
  /**
   * Settles the outcome with this error, if it is still open. A text that is still in the queue is dropped. A text that
   * a worker already has is computed, and its result is ignored.
   */
  cancel(error: AppError): void;
  /** The turn has changed, because callers have joined or left this computation: it has their latest deadline. */
  update?(turn: Turn): void;
  /** Another client waits for this text too: it may run in that client's turn, if that comes sooner. */
  share?(client: string): void;
}

/**
 * Runs texts through a version. It decides which texts are admitted and when they run. Each caller decides how long it
 * waits. The abstract class is the injection token: the service binds it to the process pool, and an embedding
 * application may bind another.
 */
export abstract class Executor {
  /**
   * One computation per text, in order.
   * @throws AppError OVERLOADED, BATCH_TOO_LARGE or DEADLINE_EXCEEDED when they are not admitted (none is then),
   *   NOT_READY when no worker can take them, VERSION_NOT_READY when one of the versions is not loaded, SHUTTING_DOWN
   *   once closing.
   */
  abstract submit(items: readonly InferenceItem[], priority?: Priority): Computation[];

  /** Predicted milliseconds until all of these are answered, if nothing else were to do; 0 when it is not known. */
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- for those that override it
  aloneMs(_items: readonly InferenceItem[]): number {
    return 0;
  }
}
