import type { TextOutcome } from '../../engine/dispatch/batch-group.js';
import { VersionRunner, type RunnerOptions, type RunnerSettings } from '../measure/version-runner.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { textAnswerOf } from '../../engine/text-answer.js';
import type { FileOutcome } from './text-outcome.js';

/** Texts that are planned together, as the lines of a block are. */
const PLAN_TEXTS = 1_000;

export type FilePathSettings = RunnerSettings;

export interface FilePathOptions extends RunnerOptions {
  /** Called with the number of texts that have their outcome. */
  readonly onProgress: (done: number) => void;
}

/**
 * Runs texts through what `serin batch` runs them through.
 * @returns one outcome per text, in order
 * @throws StartError when the version cannot be loaded; AbortError when the signal fires
 */
export async function answerFromFilePath(
  version: ModelVersion,
  texts: readonly string[],
  options: FilePathOptions,
): Promise<FileOutcome[]> {
  const runner = await VersionRunner.open(version, options);
  const outcomes: FileOutcome[] = [];
  let done = 0;
  const slices: Promise<void>[] = [];
  for (let start = 0; start < texts.length; start += PLAN_TEXTS) {
    slices.push(
      runner.run(texts.slice(start, start + PLAN_TEXTS)).then((answers) => {
        answers.forEach((answer, i) => (outcomes[start + i] = fileOutcomeOf(version, answer)));
        options.onProgress((done += answers.length));
      }),
    );
  }
  try {
    await Promise.all(slices);
  } finally {
    await runner.close();
  }
  return outcomes;
}

function fileOutcomeOf(version: ModelVersion, answer: TextOutcome): FileOutcome {
  if ('code' in answer) return { ok: false, code: answer.code, message: answer.message };
  const { label, score, tokens, truncated } = textAnswerOf(version, answer, undefined);
  const scores = Object.fromEntries(
    version.manifest.labels.map((name, k) => [name, answer.value.scores[k] ?? 0]),
  );
  return { ok: true, label, score, tokens, truncated, version: version.version, scores };
}
