import { measureBatchVariance, scoreChange, type BatchVarianceFigures } from '../measure/batch-variance.js';
import { StartError } from '../../base/errors/start-error.js';
import { VersionRunner, type RunnerOptions } from '../measure/version-runner.js';
import type { Answer } from '../../engine/tasks/task.js';
import type { ModelVersion } from '../../registry/model-version.js';
import type { AnsweredText } from './compare-parity.js';
import type { SettledParity } from './settle-parity.js';
import { measureTokenBudget } from './token-budget.js';
import { exportCommand } from './find-model.js';

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
}

/** Texts that are run a second time: chance in a graph shows in the first of them. */
const REPEATED_TEXTS = 16;

/** Rounding changes the last digits of a score from run to run at most. */
const SAME_SCORE = 1e-6;

/** A score that changes more than this between batches is another answer, whatever its label. */
const LARGEST_SCORE_CHANGE = 0.001;

/**
 * Loads a version in a worker process, so that a graph that takes the process down takes no other with it, and runs
 * texts alone, again, and in batches.
 * @throws StartError when it cannot be loaded, does not answer a text, or answers one differently a second time
 */
export async function tryVersion(
  candidate: ModelVersion,
  { answer, batch, time }: TrialTexts,
  { settle, ...options }: TrialOptions,
): Promise<Trial> {
  const runner = await VersionRunner.open(candidate, options);
  try {
    const answered = await runAlone(runner, answer);
    const again = await runAlone(runner, answer.slice(0, REPEATED_TEXTS));
    checkSame(answered, again);
    const parity = settle(answered);
    const variance = await measureBatchVariance(runner, batch);
    const varies = variance.label_flips > 0 || variance.max_score_change > LARGEST_SCORE_CHANGE;
    return {
      parity,
      variance,
      varies,
      maxPaddedTokens: varies
        ? candidate.manifest.batching.max_padded_tokens
        : await measureTokenBudget(runner, time),
      loadMs: runner.loadMs ?? 0,
      workerRssBytes: runner.largestRssBytes,
    };
  } catch (error) {
    throw error instanceof StartError
      ? new StartError(sessionProblem(error.message), { cause: error })
      : error;
  } finally {
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

/** Messages of ONNX Runtime, each with its remedy. */
const KNOWN: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[] = [
  [
    /Opset (\d+) is under development.*?till opset (\d+)/s,
    ([, used, known]) =>
      `model.onnx uses opset ${used ?? '?'}, and this ONNX Runtime knows them up to ${known ?? '?'}: export it with --opset 17.`,
  ],
  [
    /In Node, \("[^"]*", (\w+), .*No opset import|(\S+?)\(-?\d+\) is not a registered function\/op|No Op registered for (\S+)|Could not find an implementation for (\S+?)[\s(]/,
    (match) =>
      `model.onnx uses the operator ${match.slice(1).find(Boolean) ?? '?'}, which ONNX Runtime does not have on CPUs: ` +
      `export the model without operators of its own, "${exportCommand()}".`,
  ],
  [
    /indices element out of data bounds|idx=\d+ must be within the inclusive range|out of bounds/,
    ([what]) =>
      `The model cannot run its longest texts (${what}): it knows fewer positions or tokens; set a lower --max-tokens.`,
  ],
  [
    /worker processes died|No worker process starts/,
    () =>
      'The model takes its process down while it is loaded or run: look at the memory of this machine and at the log of its kernel.',
  ],
];

/** The sentence about a version that could not be loaded: a known problem with its remedy, else what was said. */
export function sessionProblem(message: string): string {
  for (const [pattern, describe] of KNOWN) {
    const match = pattern.exec(message);
    if (match !== null) return `${describe(match)} (${message.split('\n')[0] ?? ''})`;
  }
  return message;
}
