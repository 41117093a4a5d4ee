import { once } from 'node:events';
import type { SerinConfig } from '../config/serin-config.js';
import { StartError } from '../errors/start-error.js';
import { BatchDispatcher } from '../files/batch-dispatcher.js';
import { BatchPlanner } from '../files/batch-plan.js';
import { loadTokenizer } from '../files/load-tokenizer.js';
import { toVersionSpec } from '../inference/version-spec.js';
import { WORKER_ENTRY_FILE } from '../inference/worker/worker-handle.js';
import type { ModelVersion } from '../model-registry/model-version.js';
import { textAnswerOf } from '../predict/text-answer.js';
import { textError } from '../predict/text.js';
import type { FileOutcome } from './outcome.js';

/** Texts that are planned together, as the lines of a block are. */
const PLAN_TEXTS = 1_000;

export type FilePathSettings = Pick<
  SerinConfig,
  'workers' | 'threadsPerWorker' | 'workerWatchdogMs' | 'workerMaxRssBytes'
>;

export interface FilePathOptions {
  readonly settings: FilePathSettings;
  readonly signal: AbortSignal;
  /** Called with the number of texts that have their outcome. */
  readonly onProgress: (done: number) => void;
  /** Called with a sentence when a worker process is lost. */
  readonly say: (sentence: string) => void;
}

/**
 * Runs texts through what `serin batch` runs them through: its checks, its tokenizer, its plan of batches and its
 * worker processes.
 * @returns one outcome per text, in order
 * @throws StartError when the version cannot be loaded; AbortError when the signal fires
 */
export async function answerFromFilePath(
  version: ModelVersion,
  texts: readonly string[],
  { settings, signal, onProgress, say }: FilePathOptions,
): Promise<FileOutcome[]> {
  signal.throwIfAborted();
  const plan = await plannerOf(version);
  const dispatcher = new BatchDispatcher(toVersionSpec(version, settings.threadsPerWorker), {
    entryFile: WORKER_ENTRY_FILE,
    workers: settings.workers,
    watchdogMs: settings.workerWatchdogMs,
    maxRssBytes: settings.workerMaxRssBytes,
    onLoss: say,
    onProgress: () => undefined,
  });
  const outcomes: FileOutcome[] = [];
  let done = 0;
  const slices: Promise<void>[] = [];
  for (let start = 0; start < texts.length; start += PLAN_TEXTS) {
    const slice = texts.slice(start, start + PLAN_TEXTS);
    slices.push(
      answerSlice(version, slice, plan(), dispatcher).then((answers) => {
        answers.forEach((outcome, i) => (outcomes[start + i] = outcome));
        onProgress((done += answers.length));
      }),
    );
  }
  try {
    await Promise.race([Promise.all(slices), aborted(signal)]);
  } finally {
    await dispatcher.close();
  }
  return outcomes;
}

async function answerSlice(
  version: ModelVersion,
  texts: readonly string[],
  planner: BatchPlanner,
  dispatcher: BatchDispatcher,
): Promise<FileOutcome[]> {
  const errors = texts.map((text) => textError(text, 'text'));
  texts.forEach((text, i) => {
    if (errors[i] === null) planner.add(text);
  });
  const plan = planner.finish();
  const answers = (await dispatcher.run(plan)) ?? [];
  let added = 0;
  return errors.map((error): FileOutcome => {
    if (error !== null) return { ok: false, code: error.code, message: error.message };
    const answer = answers[plan.indices[added++] ?? -1];
    if (answer === undefined) throw new Error('the dispatcher gave a text no outcome');
    if ('code' in answer) return { ok: false, code: answer.code, message: answer.message };
    const { label, score, tokens, truncated } = textAnswerOf(version, answer, undefined);
    const scores = Object.fromEntries(
      version.manifest.labels.map((name, k) => [name, answer.scores[k] ?? 0]),
    );
    return { ok: true, label, score, tokens, truncated, version: version.version, scores };
  });
}

/** @throws StartError when the version's files are not what its manifest says */
async function plannerOf(version: ModelVersion): Promise<() => BatchPlanner> {
  const { max_padded_tokens: maxPaddedTokens, runs_alone: runsAlone } = version.manifest.batching;
  try {
    const tokenizer = await loadTokenizer(version);
    const limits = { maxPaddedTokens, runsAlone };
    return () => new BatchPlanner((text) => tokenizer.encode(text), limits);
  } catch (error) {
    const { message } = error as Error;
    throw new StartError(`${version.model}/${version.version} cannot be used: ${message}`, { cause: error });
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  await once(signal, 'abort');
  throw signal.reason;
}
