import type { AppError } from '../../base/errors/app-error.js';
import type { InferenceItem } from '../../engine/dispatch/executor.js';
import type { View } from '../../engine/view.js';
import type { ModelVersion } from '../../registry/model-version.js';
import type { CacheOutcome } from '../cache/prediction-cache.js';
import type { PickedVersion } from '../canary/canary.service.js';

/** A question about one text. */
export interface Ask {
  /** Not blank; half characters are replaced. */
  readonly text: string;
  readonly view: View;
  /** Its place in a list of texts; null for a request about one text. */
  readonly index: number | null;
  /** The version that is to answer, whatever the caller or the rollout says. */
  readonly pin?: ModelVersion;
}

/** An ask with the version that was picked for it. */
export interface PickedAsk extends InferenceItem {
  readonly picked: PickedVersion;
  readonly index: number | null;
}

/** What became of one ask; no ask where its text was refused before a version was picked for it. */
export type TextResult =
  CacheOutcome<PickedAsk> | { readonly ok: false; readonly item: null; readonly error: AppError };
