import { abortOf } from '../../base/abort.js';
import type { SerinConfig } from '../../base/config/serin-config.js';
import { StartError } from '../../base/errors/start-error.js';
import { toVersionSpec } from '../../engine/version-spec.js';
import { WORKER_ENTRY_FILE } from '../../engine/pool/worker-handle.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { nothingLeft, textError } from '../../engine/text.js';
import type { Encoding, TextTokenizer } from '../../engine/tokenization/text-tokenizer.js';
import type { TextOutcome } from '../../engine/dispatch/batch-group.js';
import { BatchPlanner } from '../../engine/dispatch/batch-plan.js';
import { PlanRunner } from '../../engine/dispatch/plan-runner.js';
import { loadTokenizer } from '../../engine/tokenization/load-tokenizer.js';

export type RunnerSettings = Pick<
  SerinConfig,
  'workers' | 'threadsPerWorker' | 'workerWatchdogMs' | 'workerMaxRssBytes'
>;

export interface RunnerOptions {
  readonly settings: RunnerSettings;
  readonly signal: AbortSignal;
  /** Called with a sentence when a worker process is lost. */
  readonly say: (sentence: string) => void;
}

/**
 * Runs texts through what `serin batch` runs them through: its checks, its tokenizer, its plan of batches and
 * its worker processes. The caller that opens a runner must close it, also when the signal has fired.
 */
export class VersionRunner {
  private readonly openedAt = performance.now();
  private readonly aborted: Promise<never>;

  private constructor(
    readonly version: ModelVersion,
    private readonly tokenizer: TextTokenizer,
    private readonly runner: PlanRunner,
    signal: AbortSignal,
  ) {
    this.aborted = abortOf(signal);
  }

  /**
   * Starts the worker processes; they load while the first texts are tokenized.
   * @throws StartError when the version's files are not what its manifest says; AbortError when the signal fires
   */
  static async open(version: ModelVersion, { settings, signal, say }: RunnerOptions): Promise<VersionRunner> {
    signal.throwIfAborted();
    const tokenizer = await tokenizerOf(version);
    const runner = new PlanRunner(toVersionSpec(version, settings.threadsPerWorker), {
      entryFile: WORKER_ENTRY_FILE,
      workers: settings.workers,
      watchdogMs: settings.workerWatchdogMs,
      maxRssBytes: settings.workerMaxRssBytes,
      onLoss: say,
      onProgress: () => undefined,
    });
    return new VersionRunner(version, tokenizer, runner, signal);
  }

  /** From the start of the processes until the first had loaded and warmed the version; null before. */
  get loadMs(): number | null {
    const { readySince } = this.runner;
    return readySince === null ? null : readySince - this.openedAt;
  }

  /** Resident memory of the largest worker process so far. */
  get largestRssBytes(): number {
    return this.runner.largestRssBytes;
  }

  /** Texts that were answered so far. */
  get answeredTexts(): number {
    return this.runner.answeredTexts;
  }

  encode(text: string): Encoding {
    return this.tokenizer.encode(text);
  }

  /**
   * Plans the texts as one block of a file, and runs it.
   * @returns one outcome per text, in order
   * @throws StartError when the version cannot be loaded; AbortError when the signal fires
   */
  async run(texts: readonly string[]): Promise<TextOutcome[]> {
    const { max_padded_tokens: maxPaddedTokens, runs_alone: runsAlone } = this.version.manifest.batching;
    const planner = new BatchPlanner(this.tokenizer, { maxPaddedTokens, runsAlone });
    const errors = texts.map((text) => textError(text, 'text'));
    texts.forEach((text, i) => {
      if (errors[i] === null && !planner.add(text)) errors[i] = nothingLeft('text');
    });
    const { encodings, ends, indices } = planner.finish();
    const answers = await this.runBatches(encodings, ends);
    let added = 0;
    return errors.map((error) => {
      if (error !== null) return { code: error.code, message: error.message };
      const answer = answers[indices[added++] ?? -1];
      if (answer === undefined) throw new Error('the plan runner gave a text no outcome');
      return answer;
    });
  }

  /**
   * Runs exactly these batches, whatever the manifest says of budgets.
   * @param ends exclusive end of each batch in `encodings`; in each the longest text comes last
   * @returns one outcome per encoding, in order
   * @throws as {@link run}
   */
  async runBatches(encodings: readonly Encoding[], ends: readonly number[]): Promise<readonly TextOutcome[]> {
    const running = this.runner.run({ encodings, ends, indices: [] });
    // Texts still in flight when the signal fires are not awaited.
    running.catch(() => undefined);
    return (await Promise.race([running, this.aborted])) ?? [];
  }

  /** Ends the worker processes. */
  close(): Promise<void> {
    return this.runner.close();
  }
}

async function tokenizerOf(version: ModelVersion): Promise<TextTokenizer> {
  try {
    return await loadTokenizer(version);
  } catch (error) {
    const { message } = error as Error;
    throw new StartError(`${version.model}/${version.version} cannot be used: ${message}`, { cause: error });
  }
}
