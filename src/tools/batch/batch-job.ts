import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { WORKER_ENTRY_FILE } from '../../engine/pool/worker-handle.js';
import { toVersionSpec } from '../../engine/version-spec.js';
import type { TextTokenizer } from '../../engine/tokenization/text-tokenizer.js';
import { PlanRunner } from '../../engine/dispatch/plan-runner.js';
import { answerWriter } from './answer-line.js';
import { addTally, emptyTally } from './block-tally.js';
import { planBlock, renderBlock, type PlannedBlock, type RenderedBlock } from './block-work.js';
import { BLOCK_BYTES, type Block } from '../records/blocks.js';
import { InFlight } from './in-flight.js';
import { openBlocks, outputDialect, type InputBlocks } from './input-blocks.js';
import type { InputSource } from '../records/input-source.js';
import type { JobOptions } from './job-options.js';
import { loadTokenizer } from '../../engine/tokenization/load-tokenizer.js';
import type { OutputTarget } from './output-target.js';
import { EVERY_BLOCK } from './shard.js';

const compress = promisify(gzip);

/** How a run ended; errors that prevent its end are thrown. */
export type JobEnd =
  | { readonly how: 'done' | 'interrupted' }
  | { readonly how: 'stopped'; readonly error: NonNullable<RenderedBlock['firstError']> };

/** One run over one input: reads its blocks, has them inferred and writes them in order. */
export class BatchJob {
  readonly total = emptyTally();
  readonly resumed = emptyTally();
  private interrupted = false;
  /** Not every block was read. */
  private cutShort = false;
  /** A block was given up: nothing behind it may be written, not even a block that had nothing to infer. */
  private givenUp = false;
  private end: JobEnd | undefined;
  private failed = false;
  private runner: PlanRunner | undefined;
  private inFlight: InFlight | undefined;
  /** The writing of the blocks so far: each waits for the one before it. */
  private written: Promise<void> = Promise.resolve();
  /** Offset of the input up to which everything is written. */
  private writtenTo = 0;
  private range = EVERY_BLOCK;

  constructor(
    private readonly options: JobOptions,
    private readonly source: InputSource,
    private readonly target: OutputTarget,
    private readonly say: (sentence: string) => void,
  ) {
    for (const { tally } of target.done) {
      addTally(this.total, tally);
      addTally(this.resumed, tally);
    }
    this.writtenTo = target.done.at(-1)?.end.offset ?? 0;
  }

  /** `performance.now()` when a worker was ready for the first batch; null before. */
  get scoringSince(): number | null {
    return this.runner?.readySince ?? null;
  }

  /** Ends the run once the blocks that the workers have begun are written. */
  interrupt(): void {
    this.interrupted = true;
    this.runner?.dropUnstarted();
    this.source.stop();
    this.inFlight?.changed();
  }

  /** Part of the input that is answered, 0 to 1; null when its size is not known. */
  share(): number | null {
    const { identity, seekable } = this.source;
    if (identity === null || identity.bytes === 0) return null;
    if (!seekable) return this.source.bytesRead / identity.bytes;
    const from = this.range.from * BLOCK_BYTES;
    const to = Math.min(this.range.to * BLOCK_BYTES, identity.bytes);
    return Math.min(1, Math.max(0, (this.writtenTo - from) / Math.max(1, to - from)));
  }

  /**
   * Runs to the end and leaves the target as it is: the caller makes it final, or closes it.
   * @throws StartError when input, output or model cannot be used; what is written until then can be resumed
   */
  async run(): Promise<JobEnd> {
    const tokenizer = await loadTokenizer(this.options.version);
    const input = await openBlocks(this.source, this.options, this.target.done.at(-1)?.end).catch(
      (error: unknown) => {
        if (this.interrupted) return null;
        throw error;
      },
    );
    if (input === null || this.interrupted) return { how: 'interrupted' };
    this.range = input.range;
    await this.writeHeader(input);
    const { version, workers, threadsPerWorker: threads } = this.options;
    const runner = new PlanRunner(toVersionSpec(version, threads), {
      entryFile: WORKER_ENTRY_FILE,
      workers,
      watchdogMs: this.options.workerWatchdogMs,
      maxRssBytes: this.options.workerMaxRssBytes,
      onLoss: this.say,
      onProgress: () => this.inFlight?.changed(),
    });
    this.runner = runner;
    this.inFlight = new InFlight(workers, () => runner.waiting);
    try {
      await this.pump(input, tokenizer, runner, this.inFlight);
    } finally {
      await runner.close();
    }
    if (this.end !== undefined) return this.end;
    if (this.cutShort || this.givenUp || this.source.cutShort) return { how: 'interrupted' };
    await this.source.checkUnchanged();
    return { how: 'done' };
  }

  /** What precedes the first block goes into the first shard, even if that has no block. */
  private async writeHeader({ formats }: InputBlocks): Promise<void> {
    const isFirst = (this.options.shard?.index ?? 1) === 1;
    if (!isFirst || this.target.done.length > 0) return;
    // A compressed file of no bytes at all would not be one: even an empty output gets its first member.
    const header = Buffer.from(formats.outputHeader);
    const output = this.options.outputFormat.gzip ? await compress(header) : header;
    const end = { offset: 0, line: 1 };
    await this.target.append({ block: -1, end, output, errors: Buffer.alloc(0), tally: emptyTally() });
  }

  private async pump(
    { blocks, formats }: InputBlocks,
    tokenizer: TextTokenizer,
    runner: PlanRunner,
    inFlight: InFlight,
  ): Promise<void> {
    const { version, outputFormat, quotes, topK } = this.options;
    const { max_padded_tokens: maxPaddedTokens, runs_alone: runsAlone } = version.manifest.batching;
    const limits = { maxPaddedTokens, runsAlone };
    const writeAnswer = answerWriter(outputDialect(outputFormat.records, quotes), version, topK);
    const stopped = (): boolean => this.interrupted || this.end !== undefined || this.failed;
    for await (const block of blocks) {
      this.cutShort = stopped();
      if (this.cutShort) break;
      await this.source.checkUnchanged();
      const planned = await planBlock(block, formats.read, tokenizer, limits);
      inFlight.add(block.bytes.length);
      const before = this.written;
      this.written = this.write(planned, runner.run(planned.plan), before, writeAnswer).finally(() => {
        inFlight.remove(block.bytes.length);
      });
      // The first failed block reports its error later; until then an unhandled rejection must not end the
      // process.
      this.written.catch(() => {
        this.failed = true;
        inFlight.changed();
      });
      await inFlight.room(stopped);
    }
    if (this.interrupted) runner.dropUnstarted();
    await this.written;
  }

  private async write(
    planned: PlannedBlock,
    outcomes: ReturnType<PlanRunner['run']>,
    before: Promise<void>,
    writeAnswer: ReturnType<typeof answerWriter>,
  ): Promise<void> {
    outcomes.catch(() => undefined);
    await before;
    const answers = await outcomes;
    this.givenUp ||= answers === undefined;
    if (answers === undefined || this.givenUp || this.end !== undefined) return;
    const rendered = await renderBlock(planned, answers, writeAnswer);
    if (this.options.stopOnError && rendered.firstError !== undefined) {
      this.end = { how: 'stopped', error: rendered.firstError };
      this.inFlight?.changed();
      return;
    }
    await this.append(planned.block, rendered);
    addTally(this.total, rendered.tally);
    this.writtenTo = planned.block.end.offset;
  }

  private async append(block: Block, { output, errors, tally }: RenderedBlock): Promise<void> {
    const plain = Buffer.from(output);
    // One gzip member per block: the file can be cut behind each, and members that follow one another are one file.
    const bytes = this.options.outputFormat.gzip && plain.length > 0 ? await compress(plain) : plain;
    await this.target.append({
      block: block.number,
      end: block.end,
      output: bytes,
      errors: Buffer.from(errors),
      tally,
    });
  }
}
