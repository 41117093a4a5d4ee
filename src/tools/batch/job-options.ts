import type { ModelVersion } from '../../registry/model-version.js';
import type { InputFormat, OutputFormat } from '../records/file-format.js';
import type { Shard } from './shard.js';
import type { ResumeMode } from './start-decision.js';

/** One run of `serin batch`, checked. */
export interface JobOptions {
  /** A path, or `-`. */
  readonly input: string;
  readonly inputFormat: InputFormat;
  readonly output: string;
  readonly outputFormat: OutputFormat;
  readonly version: ModelVersion;
  readonly textField: string;
  /** What stands before the names of the answer's fields; mostly nothing. */
  readonly prefix: string;
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
