import { basename } from 'node:path';
import { STANDARD_STREAM } from '../records/file-format.js';
import { VersionRunner, type RunnerSettings } from '../measure/version-runner.js';
import type { AcceptanceLimits } from '../../registry/acceptance.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { measureBatchVariance } from '../measure/batch-variance.js';
import { chooseVersions } from './chosen-versions.js';
import { compareAnswers } from './compare-answers.js';
import { decide } from './decision.js';
import type { VersionFigures } from './version-figures.js';
import { readLabelledData, type LabelledData } from '../measure/labelled-data.js';
import type { DataOptions } from '../measure/labelled-rows.js';
import { describeMachine, type EvaluationReport } from './evaluation-report.js';
import { measureSpeed, type Speed } from './measure-speed.js';
import { measureParity, type ParityFigures } from './parity-check.js';
import { qualityOf, scoredOf, type Scored } from './quality.js';

export interface EvaluateOptions {
  readonly modelRegistry: string;
  /** `model/version`. */
  readonly candidate: string;
  /** Null: the candidate is measured on its own. */
  readonly against: string | null;
  readonly data: DataOptions;
  readonly limits: AcceptanceLimits;
  readonly showText: boolean;
  readonly settings: RunnerSettings;
  readonly signal: AbortSignal;
  /** Called with a sentence about how far it is. */
  readonly say: (sentence: string) => void;
}

export interface Evaluation {
  readonly report: EvaluationReport;
  /** Where the candidate lies. */
  readonly folder: string;
}

/** Texts that are planned together, as the lines of a block are. */
const PLAN_TEXTS = 1_000;

interface Measured {
  readonly answers: readonly (Scored | null)[];
  readonly parity: ParityFigures | null;
}

/**
 * Measures a version on labelled texts, beside another one, and decides about it.
 * @throws StartError when versions or data cannot be used; AbortError when the signal fires
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const startedAt = performance.now();
  const { settings, limits, showText, say } = options;
  const { candidate, against } = await chooseVersions(
    options.modelRegistry,
    options.candidate,
    options.against,
  );
  const names = candidate.manifest.labels;
  const data = await readLabelledData(options.data, names);
  const texts = data.items.map(({ text }) => text);
  const runners: VersionRunner[] = [];
  const open = async (version: ModelVersion): Promise<VersionRunner> => {
    const runner = await VersionRunner.open(version, options);
    runners.push(runner);
    return runner;
  };
  try {
    const runner = await open(candidate);
    const ours = await measure(runner, data, names, say);
    say(`${candidate.version}: the same texts alone, in mixed batches, and padded`);
    const batchVariance = await measureBatchVariance(runner, [...new Set(texts)]);
    const theirs = against === null ? null : await measure(await open(against), data, names, say);
    say('speed, at several lengths');
    const speeds = await measureSpeed(runners, texts, settings.workers);
    const figures = runners.map((one, i) => figuresOf(one, i === 0 ? ours : theirs, speeds[i], data, names));
    const [candidateFigures, againstFigures = null] = figures;
    if (candidateFigures === undefined) throw new Error('there is a runner per version');
    const measured = {
      ...candidateFigures,
      runs_alone: candidate.manifest.batching.runs_alone,
      batch_variance: batchVariance,
    };
    const comparison =
      theirs === null
        ? null
        : compareAnswers({
            items: data.items,
            names,
            candidate: ours.answers,
            against: theirs.answers,
            showText,
          });
    const report: EvaluationReport = {
      schema_version: 1,
      model: candidate.model,
      data: describeData(data),
      candidate: measured,
      against: againstFigures,
      comparison,
      limits,
      decision: decide(measured, comparison, limits),
      machine: describeMachine(settings.workers, settings.threadsPerWorker),
      at: new Date().toISOString(),
      duration_s: (performance.now() - startedAt) / 1_000,
    };
    return { report, folder: candidate.folder };
  } finally {
    await Promise.all(runners.map((runner) => runner.close()));
  }
}

/** The answers about the data, and the golden vectors. */
async function measure(
  runner: VersionRunner,
  { items }: LabelledData,
  names: readonly string[],
  say: (sentence: string) => void,
): Promise<Measured> {
  const { version, manifest } = runner.version;
  const answers: (Scored | null)[] = [];
  for (let start = 0; start < items.length; start += PLAN_TEXTS) {
    say(`${version}: ${items.length} labelled texts, ${start} done`);
    const outcomes = await runner.run(items.slice(start, start + PLAN_TEXTS).map(({ text }) => text));
    answers.push(...outcomes.map((outcome) => scoredOf(outcome, manifest.labels, names)));
  }
  say(`${version}: its golden texts`);
  return { answers, parity: await measureParity(runner) };
}

function figuresOf(
  runner: VersionRunner,
  measured: Measured | null,
  speed: Speed | undefined,
  { items }: LabelledData,
  names: readonly string[],
): VersionFigures {
  if (measured === null || speed === undefined) throw new Error('every runner was measured');
  const { version, digest, manifest } = runner.version;
  return {
    version,
    manifest_sha256: digest,
    precision: manifest.precision,
    ...qualityOf(items, measured.answers, names),
    cost: {
      bytes: Object.values(manifest.files).reduce((sum, { bytes }) => sum + bytes, 0),
      load_ms: runner.loadMs ?? 0,
      worker_rss_bytes: runner.largestRssBytes,
      ...speed,
    },
    parity: measured.parity,
  };
}

function describeData({
  path,
  sha256,
  lines,
  continuedLines,
  rows,
  items,
  duplicates,
  contradictions,
}: LabelledData): EvaluationReport['data'] {
  return {
    name: path === STANDARD_STREAM ? 'stdin' : basename(path),
    sha256,
    lines,
    continued_lines: continuedLines,
    rows,
    n: items.length,
    duplicates,
    contradictions,
  };
}
