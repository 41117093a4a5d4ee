import type { ModelVersion } from '../../registry/model-version.js';
import type { InferenceStages } from './inference-stages.js';
import type { Answer } from '../tasks/task.js';
import type { View } from '../view.js';
import type { AppError } from '../../base/errors/app-error.js';

/** `user`: a client's request; `internal`: a check of the service itself; `job`: work that no client waits for. */
export type Origin = 'user' | 'internal' | 'job';

/** One text for one version; the texts of one request may go to different versions. */
export interface InferenceItem {
  readonly version: ModelVersion;
  readonly text: string;
  /** Who asks, the same for all texts of one client; left out: not known. */
  readonly client?: string;
  /** `performance.now()` at which the answer is worthless; left out: never. */
  readonly deadlineAt?: number;
  /** Left out: `user`. */
  readonly origin?: Origin;
  /** How much of the text is read; absent: its first window. */
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

/**
 * `user`: somebody waits for the answer. `background`: runs only while no user's text waits, in the shortest runs
 * there are, and has a small queue of its own.
 */
export type Priority = 'user' | 'background';

/** A text that has been admitted. */
export interface Computation {
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
  /**
   * Settles the outcome with this error, if it is still open. A text that no worker has yet is dropped from the
   * queue; one that runs runs to its end unnoticed.
   */
  cancel(error: AppError): void;
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
