import type { BatchVarianceFigures } from '../measure/batch-variance.js';
import { kernelFacts, runtimeVersions } from '../../base/machine/run-facts.js';
import type { CheckedOn, FileRecord, Manifest } from '../../registry/manifest.js';
import type { ModelVersion } from '../../registry/model-version.js';
import type { Method } from './quantize-report.js';

export interface ManifestFacts {
  readonly source: ModelVersion;
  readonly version: string;
  readonly method: Method;
  readonly weightBits: number;
  readonly leftOut: readonly string[];
  readonly calibration: { readonly texts: number; readonly sha256: string } | null;
  readonly command: string;
  readonly maxPaddedTokens: number;
  readonly runsAlone: boolean;
  readonly variance: BatchVarianceFigures | null;
  /** The result of running the golden texts on this machine; null without golden texts. */
  readonly checked: Pick<CheckedOn, 'parity_texts' | 'max_score_difference' | 'label_flips'> | null;
  readonly files: Readonly<Record<string, FileRecord>>;
}

/** Rows of a batch in which batch variance is measured. */
const VARIANCE_ROWS = 16;

/** How the source was made; base model, data and licences are the product's too. */
const OF_THE_SOURCE = new Set(['recipe', 'command']);

const short = (value: number): number => Number(value.toPrecision(3));

/**
 * The manifest of the new version: what the source's says about model and data, and how this one was made of it. It has
 * no accuracy on record: that of the source is not its own.
 */
export function newManifest(facts: ManifestFacts): Manifest {
  const { source, version, method, weightBits, leftOut, calibration, command, variance, checked } = facts;
  const { schema_version, model, task, labels, thresholds, max_tokens, truncation_side, session } =
    source.manifest;
  const provenance = Object.entries(source.manifest.source ?? {}).filter(([key]) => !OF_THE_SOURCE.has(key));
  return {
    schema_version,
    model,
    version,
    task,
    labels,
    ...(thresholds && { thresholds }),
    max_tokens,
    truncation_side,
    precision: 'int8',
    weight_storage: 'int8',
    session,
    batching: { max_padded_tokens: facts.maxPaddedTokens, runs_alone: facts.runsAlone },
    ...(checked && {
      checked_on: [
        {
          ...kernelFacts(),
          ...checked,
          max_score_difference: short(checked.max_score_difference),
        },
      ],
    }),
    source: {
      ...Object.fromEntries(provenance),
      quantized_from: { version: source.version, manifest_sha256: source.digest },
      recipe: `serin quantize ${runtimeVersions().serin}`,
      command,
      method,
      weight_bits: weightBits,
      left_out: leftOut,
      calibration,
    },
    ...(variance && {
      batch_variance: {
        n: variance.mixed.texts,
        batch_size: VARIANCE_ROWS,
        label_flips: variance.label_flips,
        max_score_change: short(variance.max_score_change),
      },
    }),
    files: facts.files,
  };
}
