import type { ModelVersion } from '../model-registry/model-version.js';
import type { Row } from './worker/protocol.js';
import type { AppError } from '../errors/app-error.js';

/** Who asked, so that work nobody waits for any more is not started. */
export interface InferenceCaller {
  /** `performance.now()` at which the answer is worthless. */
  readonly deadlineAt: number;
  /** Fires when the client has gone. */
  readonly signal?: AbortSignal;
}

/** One text for one version; the texts of one request may go to different versions. */
export interface InferenceItem {
  readonly version: ModelVersion;
  readonly text: string;
}

/** A row with where its time went. `batchSize`: texts that shared its worker message. */
export interface Inference extends Row {
  readonly queueMs: number;
  readonly tokenizeMs: number;
  readonly inferenceMs: number;
  readonly batchSize: number;
}

export type Outcome =
  { readonly ok: true; readonly value: Inference } | { readonly ok: false; readonly error: AppError };

/**
 * Runs texts through a version. The abstract class is the injection token: the service binds it to the
 * process pool, and whoever embeds Serin may bind another.
 */
export abstract class Executor {
  /**
   * One outcome per text, in order; it resolves when the last is known.
   * @throws AppError OVERLOADED when there are not permits for all of them (none is then taken), NOT_READY when no
   *   worker can take them, VERSION_NOT_READY when one of the versions is not loaded, SHUTTING_DOWN once closing.
   */
  abstract infer(items: readonly InferenceItem[], caller: InferenceCaller): Promise<Outcome[]>;
}
