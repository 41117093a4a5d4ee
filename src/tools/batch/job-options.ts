import type { ModelVersion } from '../../registry/model-version.js';
import type { FileFormat } from '../records/file-format.js';
import type { Shard } from './shard.js';
import type { ResumeMode } from './start-decision.js';

/** One run of `serin batch`, checked. */
export interface JobOptions {
  /** A path, or `-`. */
  readonly input: string;
  readonly inputFormat: FileFormat;
  readonly output: string;
  readonly outputFormat: FileFormat;
  readonly version: ModelVersion;
  readonly textField: string;
  /** Whether fields of TSV are read and written in quotes. */
  readonly quotes: boolean;
  /** How many labels with their scores each line gets; null: only the best. */
  readonly topK: number | null;
  readonly shard: Shard | null;
  readonly mode: ResumeMode;
  /** Whether a line without answer ends the run. */
  readonly stopOnError: boolean;
  readonly workers: number;
  readonly threadsPerWorker: number;
  readonly workerWatchdogMs: number;
  readonly workerMaxRssBytes: number;
}
