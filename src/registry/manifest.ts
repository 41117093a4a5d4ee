import type { TaskName } from './tasks.js';

export interface FileRecord {
  readonly sha256: string;
  readonly bytes: number;
}

/** Options of the ONNX Runtime session that measured best for this version. */
export interface SessionSettings {
  readonly graph_optimization_level: 'disabled' | 'basic' | 'extended' | 'all';
  /** Names of graph optimizers to switch off, e.g. SkipLayerNormFusion. */
  readonly disabled_optimizers: readonly string[];
}

export interface BatchingSettings {
  /** Largest number of padded tokens (rows × longest row) in one run. */
  readonly max_padded_tokens: number;
  /** True when answers depend on the other texts of a batch: such a version runs one text at a time. */
  readonly runs_alone: boolean;
}

export interface CheckedOn {
  readonly cpu: string;
  readonly features: readonly string[];
  readonly onnxruntime: string;
  readonly parity_texts: number;
  readonly max_score_difference: number;
  readonly label_flips: number;
  /** Resident memory of a worker process with this version alone; absent where it was not measured. */
  readonly worker_rss_bytes?: number;
}

export interface AccuracyRecord {
  readonly data_set: string;
  readonly n: number;
  readonly correct: number;
  readonly accuracy: number;
  readonly interval_95: readonly [number, number];
}

export interface BatchVariance {
  readonly n: number;
  readonly batch_size: number;
  readonly label_flips: number;
  readonly max_score_change: number;
}

/** A version that another one asks, bound to its very files. */
export interface UsedVersion {
  readonly model: string;
  readonly version: string;
  /** sha256 of its manifest.json, hex. */
  readonly digest: string;
}

/** manifest.json of one version: the single description that service, files, evaluation and tuning read. */
export interface Manifest {
  readonly schema_version: 1;
  readonly model: string;
  readonly version: string;
  readonly task: TaskName;
  /** Label names in the order of the logits. */
  readonly labels: readonly string[];
  readonly max_tokens: number;
  readonly truncation_side: 'left' | 'right';
  readonly precision: string;
  readonly weight_storage?: string;
  readonly session: SessionSettings;
  readonly batching: BatchingSettings;
  readonly checked_on?: readonly CheckedOn[];
  readonly files: Readonly<Record<string, FileRecord>>;
  /** The pipeline that makes the answers in place of a network; such a version has no model.onnx. */
  readonly pipeline?: string;
  /** The versions that the pipeline asks, by the names that it asks them under. */
  readonly uses?: Readonly<Record<string, UsedVersion>>;
  readonly source?: Readonly<Record<string, unknown>>;
  readonly accuracy?: AccuracyRecord;
  readonly batch_variance?: BatchVariance;
}
