import { join } from 'node:path';
import { measureBatchVariance } from '../measure/batch-variance.js';
import { runtimeVersions } from '../../base/machine/run-facts.js';
import type { VersionRunner } from '../measure/version-runner.js';
import type { Answer } from '../../engine/tasks/task.js';
import type { ModelVersion } from '../../registry/model-version.js';
import type { ParityFile } from '../../engine/tokenization/parity.js';
import { answersAlone, compareRows, measureBudgets, type BudgetFigures } from './measure-answers.js';
import { quantizedCard } from './card.js';
import type { MadeModel } from './make-quantized-model.js';
import { newManifest } from './new-manifest.js';
import { largestRounding, parityWithScores } from './parity-file.js';
import type { QuantizeReport } from './quantize-report.js';
import { draftOf, withRunner, type QuantizeRun } from './quantize-run.js';

/** Largest change of a score beside other texts with which a version still runs in batches. */
const MOST_CHANGE = 1e-3;

/**
 * Measures the model in the folder in the worker process of the service, writes what is known about it beside it, and
 * publishes the whole.
 */
export async function measureAndPublish(run: QuantizeRun, made: MadeModel): Promise<QuantizeReport> {
  const { options, source, staged, parity, texts, compared, progress } = run;
  const draft = draftOf(run);
  // One worker, so that the time of a run equals its cost.
  const runnerOptions = { ...options, settings: { ...options.settings, workers: 1 } };
  const theirs = await withRunner(source, runnerOptions, (runner) => {
    progress.begin(`${source.version}: ${compared.length} texts, each alone`);
    return alone(run, runner);
  });
  const found = await withRunner(draft, runnerOptions, async (runner) => {
    progress.begin(`${options.target}: the same texts alone, in mixed batches, and padded`);
    const ours = await alone(run, runner);
    const variance = ours.length === 0 ? null : await measureBatchVariance(runner, compared);
    const runsAlone = options.method === 'dynamic' || (variance !== null && isTooVaried(variance));
    const budget = ours.length === 0 || runsAlone ? null : await budgetOf(run, runner);
    const golden = parity === null ? [] : await goldenRows(run, parity, runner);
    return { ours, variance, runsAlone, budget, golden };
  });
  const { ours, variance, runsAlone, budget, golden } = found;
  const calibration = texts && { texts: texts.texts.length, sha256: texts.sha256 };
  const kinds = made.layers.map(({ kind }) => kind);
  const report: QuantizeReport = {
    schema_version: 1,
    model: source.model,
    task: source.manifest.task,
    source: options.source,
    version: options.target,
    folder: join(staged.folder, '..', options.target),
    method: options.method,
    weight_bits: options.weightBits,
    calibration: options.method === 'static' ? calibration : null,
    model_bytes: { before: modelBytes(source), after: modelBytes(draft) },
    quantized: {
      products: kinds.filter((kind) => kind === 'linear').length,
      tables: kinds.filter((kind) => kind === 'embedding').length,
    },
    left_out: made.leftOut,
    largest_weight_error: made.weightErrors.reduce(
      (most, one) => (one.error > most.error ? one : most),
      made.weightErrors[0] ?? { layer: '', error: 0 },
    ),
    agreement: ours.length === 0 ? null : compareRows(source, ours, theirs),
    batch_variance: variance,
    runs_alone: runsAlone,
    budget,
    duration_s: (performance.now() - run.startedAt) / 1_000,
  };
  if (parity !== null) await staged.write('parity.json', newParity(run, parity, golden));
  await staged.write('CARD.md', quantizedCard(report, source, options.command));
  const manifest = newManifest({
    source,
    version: options.target,
    method: options.method,
    weightBits: options.weightBits,
    leftOut: made.leftOut.map(({ name }) => name),
    calibration: report.calibration,
    command: options.command,
    maxPaddedTokens: budget?.max_padded_tokens ?? source.manifest.batching.max_padded_tokens,
    runsAlone,
    variance,
    checked: parity && {
      parity_texts: golden.length,
      max_score_difference: largestRounding(golden),
      label_flips: 0,
    },
    files: staged.files,
  });
  await staged.write('manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
  await staged.publish(options.force);
  return report;
}

function alone({ compared, progress }: QuantizeRun, runner: VersionRunner): Promise<Answer[]> {
  const encodings = compared.map((text) => runner.encode(text));
  return answersAlone(runner, encodings, progress.of('texts', encodings.length));
}

function budgetOf({ compared, progress }: QuantizeRun, runner: VersionRunner): Promise<BudgetFigures> {
  progress.begin('batches of several sizes');
  return measureBudgets(
    runner,
    compared.map((text) => runner.encode(text)),
  );
}

function goldenRows(
  { progress }: QuantizeRun,
  { items }: ParityFile,
  runner: VersionRunner,
): Promise<Answer[]> {
  progress.begin(`${items.length} golden texts`);
  return answersAlone(runner, items, progress.of('golden texts', items.length));
}

function newParity({ source, options }: QuantizeRun, parity: ParityFile, rows: readonly Answer[]): string {
  const { onnxruntime } = runtimeVersions();
  const { manifest, version: sourceVersion } = source;
  const { labels } = manifest;
  return parityWithScores({
    parity,
    sourceVersion,
    version: options.target,
    labels,
    rows,
    onnxRuntime: onnxruntime,
  });
}

function isTooVaried({
  label_flips: flips,
  max_score_change: change,
}: {
  readonly label_flips: number;
  readonly max_score_change: number;
}): boolean {
  return flips > 0 || change > MOST_CHANGE;
}

/** The model and, where it has one, the file of its weights. */
function modelBytes({ manifest }: ModelVersion): number {
  return Object.entries(manifest.files)
    .filter(([name]) => name.startsWith('model.onnx'))
    .reduce((sum, [, { bytes }]) => sum + bytes, 0);
}
