import type { FileRecord, Manifest } from '../../registry/manifest.js';
import type { TaskName } from '../../registry/tasks.js';
import type { GraphPrecision } from './graph-precision.js';
import type { VersionName } from '../../registry/find-version.js';
import { kernelFacts } from '../../base/machine/run-facts.js';
import type { Trial } from './trial.js';

/** The facts about a version that the files of an export contain. */
export interface VersionFacts extends VersionName {
  readonly task: TaskName;
  readonly labels: readonly string[];
  readonly maxTokens: number;
  readonly truncationSide: 'left' | 'right';
  readonly precision: GraphPrecision;
  readonly source: Readonly<Record<string, unknown>>;
}

/** Padded tokens of a run before they are measured; right for a small encoder within a few percent. */
const DRAFT_PADDED_TOKENS = 256;

/** A manifest with which a worker can load the version; nothing in it is measured. */
export function draftManifest(facts: VersionFacts, files: Readonly<Record<string, FileRecord>>): Manifest {
  const { precision, weightStorage } = facts.precision;
  return {
    schema_version: 1,
    model: facts.model,
    version: facts.version,
    task: facts.task,
    labels: facts.labels,
    max_tokens: facts.maxTokens,
    truncation_side: facts.truncationSide,
    precision,
    ...(weightStorage !== null && { weight_storage: weightStorage }),
    session: { graph_optimization_level: 'all', disabled_optimizers: [] },
    batching: { max_padded_tokens: DRAFT_PADDED_TOKENS, runs_alone: false },
    source: facts.source,
    files,
  };
}

/** The draft, completed with the results of the trial. It has no accuracy, because none was measured. */
export function finishManifest(
  draft: Manifest,
  { variance, varies, maxPaddedTokens, parity, workerRssBytes }: Trial,
): Manifest {
  return {
    ...draft,
    batching: { max_padded_tokens: maxPaddedTokens, runs_alone: varies },
    checked_on: [
      {
        ...kernelFacts(),
        parity_texts: parity.texts,
        max_score_difference: parity.maxScoreDifference,
        label_flips: parity.labelFlips,
        worker_rss_bytes: workerRssBytes,
      },
    ],
    batch_variance: {
      n: variance.mixed.texts,
      batch_size: 16,
      label_flips: variance.label_flips,
      max_score_change: variance.max_score_change,
    },
  };
}
