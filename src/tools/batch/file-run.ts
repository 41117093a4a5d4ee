import { BatchJob, type JobEnd } from './batch-job.js';
import { BLOCK_BYTES } from '../records/blocks.js';
import { READER_VERSION } from '../records/records.js';
import { STANDARD_STREAM } from '../records/file-format.js';
import { InputSource } from '../records/input-source.js';
import type { JobOptions } from './job-options.js';
import type { JournalHeader } from './journal.js';
import { namesFor, OutputFile } from './output-file.js';
import { type OutputLock, takeLockPatiently } from '../../base/files/output-lock.js';
import { OutputStream } from './output-stream.js';
import type { OutputTarget } from './output-target.js';
import { Progress } from './progress-line.js';
import { cpuFeatures, runtimeVersions } from '../../base/machine/run-facts.js';
import { summarize, type Summary } from './run-summary.js';

/** `finished`: an earlier run had done everything already. */
export interface FileRunEnd {
  readonly end: JobEnd | { readonly how: 'finished' };
  readonly summary: Summary;
}

function headerFor(options: JobOptions, source: InputSource): JournalHeader {
  const { version, textField, quotes, topK, shard, threadsPerWorker, inputFormat, outputFormat } = options;
  return {
    serin_journal: 1,
    reader_version: READER_VERSION,
    input: source.identity,
    version: { name: `${version.model}/${version.version}`, digest: version.digest },
    options: {
      text_field: textField,
      quotes,
      top_k: topK,
      shard: shard && `${String(shard.index)}/${String(shard.count)}`,
      threads_per_worker: threadsPerWorker,
      input_format: inputFormat.records,
      output_format: `${outputFormat.records}${outputFormat.gzip ? '.gz' : ''}`,
    },
    block_bytes: BLOCK_BYTES,
    runtime: runtimeVersions(),
    cpu_features: cpuFeatures(),
  };
}

/** One `serin batch`, from the lock of its output to the closing figures. */
export class FileRun {
  private job: BatchJob | undefined;
  private progress: Progress | undefined;
  private lock: OutputLock | null = null;
  private interrupted = false;

  constructor(private readonly options: JobOptions) {}

  /** Ends the run soon, so that it can be resumed. */
  interrupt(): void {
    this.interrupted = true;
    this.say('finishing the blocks in flight; once more stops at once');
    this.job?.interrupt();
  }

  /** Gives the output's lock back, for a process that is about to exit. */
  abandon(): void {
    this.lock?.release();
  }

  say(sentence: string): void {
    if (this.progress) this.progress.say(sentence);
    else process.stderr.write(`serin: ${sentence}\n`);
  }

  /** @throws StartError when something cannot be used; what is written until then can be resumed */
  async run(): Promise<FileRunEnd> {
    const { input, inputFormat, output } = this.options;
    const source = await InputSource.open(input, inputFormat.gzip);
    if (output === STANDARD_STREAM) return this.into(source, new OutputStream());
    const lock = await takeLockPatiently(namesFor(output).lock, (sentence) => {
      this.say(sentence);
    });
    this.lock = lock;
    try {
      const header = headerFor(this.options, source);
      const target = await OutputFile.open(output, header, this.options.mode, lock);
      if (target instanceof OutputFile) return await this.into(source, target);
      return { end: { how: 'finished' }, summary: target.summary };
    } finally {
      lock.release();
    }
  }

  private async into(source: InputSource, target: OutputTarget): Promise<FileRunEnd> {
    try {
      const job = new BatchJob(this.options, source, target, (sentence) => {
        this.say(sentence);
      });
      this.job = job;
      const resumed = job.resumed.lines;
      if (resumed > 0) this.say(`resuming behind ${String(resumed)} lines that are done`);
      const resumedShare = job.share() ?? 0;
      this.progress = new Progress(job, resumedShare);
      if (this.interrupted) job.interrupt();
      const end = await job.run().finally(() => this.progress?.close());
      const summary = this.summary(job);
      if (end.how === 'done') await target.finish(summary);
      return { end, summary };
    } finally {
      await target.close();
    }
  }

  private summary(job: BatchJob): Summary {
    const now = performance.now();
    const { model, version, digest } = this.options.version;
    return summarize({
      total: job.total,
      resumed: job.resumed,
      wallMs: now, // it counts from the start of the process
      scoringMs: now - (job.scoringSince ?? now),
      modelName: model,
      modelVersion: version,
      versionDigest: digest,
    });
  }
}
