import type { DataOptions } from '../measure/labelled-rows.js';
import { VersionRunner, type RunnerSettings } from '../measure/version-runner.js';
import type { ModelVersion } from '../../registry/model-version.js';
import type { ParityFile } from '../../engine/tokenization/parity.js';
import type { CalibrationTexts } from './calibration/calibration-texts.js';
import type { Method } from './quantize-report.js';
import type { WeightBits } from './quantized-weights.js';
import type { TargetConfig } from './source-version.js';
import type { StageProgress } from './stage-progress.js';
import type { StagedVersion } from '../../registry/staged-version.js';

/** Leaves out the fewest layers that bring the loss of accuracy on labelled texts within a limit. */
export interface SearchOptions {
  readonly data: DataOptions;
  readonly maxDropPoints: number;
}

export interface QuantizeVersionOptions {
  readonly config: TargetConfig;
  /** `model/version`. */
  readonly source: string;
  readonly target: string;
  readonly method: Method;
  readonly weightBits: WeightBits;
  /** A JSONL file of texts; null: those of the source. */
  readonly calibrationFile: string | null;
  readonly calibrationTexts: number;
  readonly leaveOut: readonly string[];
  /** Null: no layers are left out but `leaveOut`. */
  readonly search: SearchOptions | null;
  /** A version of that name may be replaced, unless something counts on it. */
  readonly force: boolean;
  /** How the command was called, for the record. */
  readonly command: string;
  readonly settings: RunnerSettings;
  readonly signal: AbortSignal;
  /** Called with a sentence about how far it is. */
  readonly say: (sentence: string) => void;
}

/** The input that all steps of one quantisation share. */
export interface QuantizeRun {
  readonly options: QuantizeVersionOptions;
  readonly source: ModelVersion;
  readonly staged: StagedVersion;
  /** Of the source; null when it has none. */
  readonly parity: ParityFile | null;
  /** Null only for a dynamic version of a source without any. */
  readonly texts: CalibrationTexts | null;
  /** Distinct texts on which source and product are compared, and batches measured. */
  readonly compared: readonly string[];
  readonly progress: StageProgress;
  /** By `performance.now()`. */
  readonly startedAt: number;
}

/** The version as it is so far, for the worker process. */
export function draftOf({ source, staged, options }: QuantizeRun): ModelVersion {
  const manifest = { ...source.manifest, version: options.target, files: staged.files };
  const key = `${source.model}/${options.target}@draft`;
  return { ...source, version: options.target, folder: staged.folder, key, manifest };
}

/** Opens a version in its own worker processes, and always closes it. */
export async function withRunner<T>(
  version: ModelVersion,
  options: QuantizeVersionOptions,
  use: (runner: VersionRunner) => Promise<T>,
): Promise<T> {
  // A signal of its own: a runner listens to it as long as it lives, and a search opens dozens.
  const signal = AbortSignal.any([options.signal]);
  const runner = await VersionRunner.open(version, { ...options, signal });
  try {
    return await use(runner);
  } finally {
    await runner.close();
  }
}
