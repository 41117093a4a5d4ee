import type { ModelVersion } from '../../registry/model-version.js';
import type { InferenceStages } from './inference-stages.js';
import type { Answer } from '../tasks/task.js';
import type { View } from '../view.js';
import type { AppError } from '../../base/errors/app-error.js';

/**
 * `user`: somebody waits for the answer. `background`: runs only while no user's text waits, in the shortest runs
 * there are, and has a small queue of its own.
 */
export type Priority = 'user' | 'background';

/** `user`: a client's request; `internal`: the service itself; `job`: work that no client waits for. */
export type Origin = 'user' | 'internal' | 'job';

/** For whom a text is computed and until when its answer is of use: what may decide when it runs. */
export interface Turn {
  /** Names the client: the key that it sends, or its network. */
  readonly client: string;
  readonly origin: Origin;
  readonly priority: Priority;
  /** `performance.now()` at which the answer is worthless. */
  readonly deadlineAt: number;
}

/**
 * One text for one version; the texts of one request may go to different versions. Without a turn it is for no client in
 * particular, a user's, and without a deadline.
 */
export interface InferenceItem extends Partial<Turn> {
  readonly version: ModelVersion;
  readonly text: string;
  /** Which part of the text is asked about; absent: its beginning. */
  readonly view?: View;
}

/** Where the time of a text went that was inferred. */
export interface InferenceTimes extends InferenceStages {
  /** `performance.now()` at its admission. */
  readonly admittedAt: number;
  /** `performance.now()` when its result was there. */
  readonly resultAt: number;
  /** Texts that shared its worker message. */
  readonly batchSize: number;
}

/** An answer with where its time went. */
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
   * Settles the outcome with this error, if it is still open. A text that no worker has yet is dropped from the
   * queue; one that runs runs to its end unnoticed.
   */
  cancel(error: AppError): void;
  /** The turn has changed: others wait for the same text now, or no longer. A queue in order of arrival has no use for it. */
  update?(turn: Turn): void;
}

/**
 * Runs texts through a version. It decides what is admitted and when it runs; how long anybody waits is the business
 * of whoever waits. The abstract class is the injection token: the service binds it to the process pool, and whoever
 * embeds Serin may bind another.
 */
export abstract class Executor {
  /**
   * One computation per text, in order.
   * @throws AppError OVERLOADED when there are not permits for all of them (none is then taken), NOT_READY when no
   *   worker can take them, VERSION_NOT_READY when one of the versions is not loaded, SHUTTING_DOWN once closing.
   */
  abstract submit(items: readonly InferenceItem[], priority?: Priority): Computation[];
}
