import type { Answer } from '../../engine/tasks/task.js';
import type { View } from '../../engine/view.js';
import type { ModelVersion } from '../../registry/model-version.js';
import type { TextResult } from '../answers/ask.js';

/** A text, and the version with a pipeline that was picked for it. */
export interface PipelineAsk {
  readonly version: ModelVersion;
  readonly text: string;
  readonly view: View;
}

/** What a run may still take. */
export interface Budget {
  /** `performance.now()` at which the answer is worthless; it moves on when somebody joins who can wait longer. */
  readonly deadlineAt: number;
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** The versions that a manifest binds under `uses`, and no others. */
export interface UsedAnswers {
  /**
   * What a used version answers about some texts, in their order, from the cache where it has it: one request of the
   * service itself, which is no evidence about the used version.
   * @param name as `uses` has it
   * @param view absent: the beginning of each text
   * @throws AppError when the texts are not admitted: those of one call are admitted together, or none of them
   */
  ask(name: string, texts: readonly string[], view?: View): Promise<readonly TextResult[]>;
}

/** Makes the answers of versions that name it, from what other versions answer. One for all of them: no state of a run. */
export interface Pipeline {
  /** As manifests name it. */
  readonly name: string;
  /**
   * The answer about one text. It must follow from the version's manifest and the text alone, for it is cached under
   * the manifest's digest.
   * @throws AppError that is the outcome of the text; any other error makes it INTERNAL
   */
  run(ask: PipelineAsk, answers: UsedAnswers, budget: Budget): Promise<Answer>;
}
