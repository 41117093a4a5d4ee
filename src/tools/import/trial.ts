import { measureBatchVariance, scoreChange, type BatchVarianceFigures } from '../measure/batch-variance.js';
import { StartError } from '../../base/errors/start-error.js';
import { VersionRunner, type RunnerOptions } from '../measure/version-runner.js';
import type { Answer } from '../../engine/tasks/task.js';
import type { ModelVersion } from '../../registry/model-version.js';
import type { AnsweredText } from './compare-parity.js';
import { sessionProblem } from './session-problem.js';
import type { SettledParity } from './settle-parity.js';
import { measureTokenBudget } from './token-budget.js';
import { TrialProgress } from './trial-progress.js';

/** The result of running a version in its own worker process. */
export interface Trial {
  readonly parity: SettledParity;
  readonly variance: BatchVarianceFigures;
  /** True when answers depend on the texts beside them. */
  readonly varies: boolean;
  readonly maxPaddedTokens: number;
  readonly loadMs: number;
  readonly workerRssBytes: number;
}

export interface TrialTexts {
  /** Those that are answered, each alone. */
  readonly answer: readonly string[];
  /** Distinct ones that batches are made of, to see whether answers change. */
  readonly batch: readonly string[];
  /** Those by which the token budget is chosen. */
  readonly time: readonly string[];
}

export interface TrialOptions extends RunnerOptions {
  /** Compares the answers with Python's, before time is spent on batches. */
  readonly settle: (answered: readonly AnsweredText[]) => SettledParity;
  /** Rows of the table of positions that no token uses. */
  readonly unusedPositions: number;
}

/** Texts that are run a second time: chance in a graph shows in the first of them. */
const REPEATED_TEXTS = 16;

/** Rounding changes the last digits of a score from run to run at most. */
const SAME_SCORE = 1e-6;

/** A score that changes more than this between batches is another answer, whatever its label. */
const LARGEST_SCORE_CHANGE = 0.001;

/** Whether answers depend on the texts beside them. */
export const varies = ({ label_flips: flips, max_score_change: change }: BatchVarianceFigures): boolean =>
  flips > 0 || change > LARGEST_SCORE_CHANGE;

/**
 * Loads a version in a worker process, so that a graph that takes the process down takes no other with it, and runs
 * texts alone, again, and in batches.
 * @throws StartError when it cannot be loaded, does not answer a text, or answers one differently a second time
 */
export async function tryVersion(
  candidate: ModelVersion,
  { answer, batch, time }: TrialTexts,
  { settle, unusedPositions, ...options }: TrialOptions,
): Promise<Trial> {
  const runner = await VersionRunner.open(candidate, options);
  const progress = new TrialProgress(runner, options.say);
  try {
    progress.begin('each text alone', answer.length);
    const answered = await runAlone(runner, answer);
    const repeated = answer.slice(0, REPEATED_TEXTS);
    progress.begin('the first texts again', repeated.length);
    checkSame(answered, await runAlone(runner, repeated));
    const parity = settle(answered);
    progress.begin('in batches and padded', null);
    const variance = await measureBatchVariance(runner, batch);
    progress.begin('in batches of several sizes', null);
    return {
      parity,
      variance,
      varies: varies(variance),
      maxPaddedTokens: varies(variance)
        ? candidate.manifest.batching.max_padded_tokens
        : await measureTokenBudget(runner, time),
      loadMs: runner.loadMs ?? 0,
      workerRssBytes: runner.largestRssBytes,
    };
  } catch (error) {
    throw error instanceof StartError
      ? new StartError(
          sessionProblem(error.message, { maxTokens: candidate.manifest.max_tokens, unusedPositions }),
          { cause: error },
        )
      : error;
  } finally {
    progress.stop();
    await runner.close();
  }
}

async function runAlone(runner: VersionRunner, texts: readonly string[]): Promise<AnsweredText[]> {
  const encodings = texts.map((text) => runner.encode(text));
  const outcomes = await runner.runBatches(
    encodings,
    encodings.map((_, i) => i + 1),
  );
  return encodings.map((encoding, i) => ({ encoding, row: rowOf(outcomes[i], encoding.ids.length) }));
}

function rowOf(outcome: Answer | { readonly message: string } | undefined, tokens: number): Answer {
  if (outcome !== undefined && 'value' in outcome) return outcome;
  throw new StartError(
    `The model has no answer to a text of ${tokens} tokens: ${outcome?.message ?? 'it was not run'}. ` +
      'If longer texts are at fault, --max-tokens sets a shorter limit.',
  );
}

function checkSame(first: readonly AnsweredText[], again: readonly AnsweredText[]): void {
  const change = Math.max(
    ...again.map(({ row }, i) => scoreChange(row.value.scores, first[i]?.row.value.scores ?? [])),
  );
  if (change <= SAME_SCORE) return;
  throw new StartError(
    `The same text gets other scores when it is run again (by up to ${change.toPrecision(2)}): something in the graph is left to chance, as dropout is in training. Call model.eval() before the export.`,
  );
}
