import { join } from 'node:path';
import { StartError } from '../errors/start-error.js';
import { measureBatchVariance } from '../evaluate/batch-variance.js';
import { spread } from '../evaluate/labelled-data.js';
import { loadTokenizer } from '../files/load-tokenizer.js';
import { runtimeVersions } from '../files/run-facts.js';
import { VersionRunner, type RunnerSettings } from '../files/version-runner.js';
import type { Row } from '../inference/worker/protocol.js';
import type { ModelVersion } from '../model-registry/model-version.js';
import { readVerified } from '../model-registry/registry-files.js';
import { writeModelFile } from '../onnx/model-file.js';
import { parseParity, type ParityFile } from '../tokenization/parity.js';
import { answersAlone, compareRows, measureBudgets } from './answers.js';
import { calibrate } from './calibration/calibrate.js';
import {
  CALIBRATION_FILE,
  readCalibrationTexts,
  type CalibrationTexts,
} from './calibration/calibration-texts.js';
import { quantizedCard } from './card.js';
import { readFloatModel, type FloatModel } from './float-model.js';
import { newManifest } from './new-manifest.js';
import { largestRounding, parityWithScores } from './parity-file.js';
import { quantizeModel, type Activations, type QuantizedModel } from './quantize-graph.js';
import type { Method, QuantizeReport } from './quantize-report.js';
import type { WeightBits } from './quantized-weights.js';
import { chooseSource } from './source-version.js';
import { StageProgress } from './stage-progress.js';
import { VersionFolder } from './version-folder.js';

export interface QuantizeVersionOptions {
  readonly modelRegistry: string;
  /** `model/version`. */
  readonly source: string;
  readonly target: string;
  readonly method: Method;
  readonly weightBits: WeightBits;
  /** A JSONL file of texts; null: those of the source. */
  readonly calibrationFile: string | null;
  readonly calibrationTexts: number;
  readonly leaveOut: readonly string[];
  readonly force: boolean;
  /** How the command was called, for the record. */
  readonly command: string;
  readonly settings: RunnerSettings;
  readonly signal: AbortSignal;
  /** Called with a sentence about how far it is. */
  readonly say: (sentence: string) => void;
}

/** Texts on which versions without calibration texts are compared. */
const COMPARED_TEXTS = 256;

/** Largest change of a score beside other texts with which a version still runs in batches. */
const MOST_CHANGE = 1e-3;

/**
 * Makes an int8 version of a float one and writes it into the registry, whole or not at all.
 * @throws StartError or OnnxError with a sentence when something cannot be used; AbortError when the signal fires
 */
export async function quantizeVersion(options: QuantizeVersionOptions): Promise<QuantizeReport> {
  const { source, modelFolder } = await chooseSource(
    options.modelRegistry,
    options.source,
    options.target,
    options.force,
  );
  const parity = await readParity(source);
  const golden = parity?.items.map(({ text }) => text) ?? [];
  const texts = await readCalibrationTexts(source, options.calibrationFile, options.calibrationTexts, golden);
  if (texts === null && options.method === 'static') {
    throw new StartError(
      `${options.source} has no ${CALIBRATION_FILE}: name a file with --calibration, one {"text": "..."} per line, some hundred texts like your traffic; or use --method dynamic, which needs none and runs one text at a time.`,
    );
  }
  const folder = await VersionFolder.create(modelFolder, options.target);
  try {
    return await new Quantization(options, source, folder, parity, texts).run();
  } finally {
    await folder.discard();
  }
}

async function readParity(source: ModelVersion): Promise<ParityFile | null> {
  if (!Object.hasOwn(source.manifest.files, 'parity.json')) return null;
  return parseParity(await readVerified(source, 'parity.json'));
}

/** One run, from the float model to the published folder. */
class Quantization {
  private readonly startedAt = performance.now();
  private readonly progress: StageProgress;
  /** Texts on which source and product are compared, and batches measured. */
  private readonly compared: readonly string[];

  constructor(
    private readonly options: QuantizeVersionOptions,
    private readonly source: ModelVersion,
    private readonly folder: VersionFolder,
    private readonly parity: ParityFile | null,
    private readonly texts: CalibrationTexts | null,
  ) {
    this.progress = new StageProgress(options.say);
    const golden = parity?.items.map(({ text }) => text) ?? [];
    this.compared = [...new Set(texts?.texts ?? spread(golden, COMPARED_TEXTS))];
  }

  async run(): Promise<QuantizeReport> {
    const { options, source, folder } = this;
    const float = readFloatModel(source, options.method, options.leaveOut);
    const activations = options.method === 'dynamic' ? 'dynamic' : await this.calibrated(float);
    this.progress.begin(`quantising ${float.layers.length} layers`);
    const quantized = quantizeModel(float.model, { ...float, activations, weightBits: options.weightBits });
    for (const name of writeModelFile(join(folder.path, 'model.onnx'), quantized.model))
      await folder.add(name);
    await folder.copy(source, this.copiedFiles());
    return this.measureAndPublish(float, quantized);
  }

  /** What of the source is true of the product as well. */
  private copiedFiles(): string[] {
    const names = Object.keys(this.source.manifest.files);
    const keepsTexts = this.texts?.isShipped ?? false;
    return names.filter((name) => {
      if (name === CALIBRATION_FILE) return keepsTexts;
      return !['parity.json', 'CARD.md'].includes(name) && !name.startsWith('model.onnx');
    });
  }

  private async calibrated({ model, layers }: FloatModel): Promise<Activations> {
    const { texts } = this;
    if (texts === null) throw new Error('static quantisation has texts');
    const tokenizer = await loadTokenizer(this.source);
    const names = [...new Set(layers.flatMap((layer) => (layer.kind === 'linear' ? [layer.input] : [])))];
    const total = texts.texts.length;
    this.progress.begin(`calibrating ${names.length} activations on ${total} texts`);
    return calibrate(model, names, {
      modelFile: join(this.folder.path, 'calibration.onnx'),
      sequences: texts.texts.map((text) => tokenizer.encode(text).ids),
      signal: this.options.signal,
      onProgress: this.progress.of('calibrating', total),
    });
  }

  private async measureAndPublish(float: FloatModel, quantized: QuantizedModel): Promise<QuantizeReport> {
    const { options, source, folder, texts, progress } = this;
    const draft = this.draft();
    // One worker: the time of a run is then what the run costs.
    const runnerOptions = { ...options, settings: { ...options.settings, workers: 1 } };
    const theirs = await this.withRunner(source, runnerOptions, (runner) => {
      progress.begin(`${source.version}: ${this.compared.length} texts, each alone`);
      return this.alone(runner);
    });
    const found = await this.withRunner(draft, runnerOptions, async (runner) => {
      progress.begin(`${options.target}: the same texts alone, in mixed batches, and padded`);
      const ours = await this.alone(runner);
      const variance = ours.length === 0 ? null : await measureBatchVariance(runner, this.compared);
      const runsAlone = options.method === 'dynamic' || (variance !== null && isTooVaried(variance));
      progress.begin('batches of several sizes');
      const encodings = this.compared.map((text) => runner.encode(text));
      const budget = ours.length === 0 || runsAlone ? null : await measureBudgets(runner, encodings);
      const golden = await this.goldenRows(runner);
      return { ours, variance, runsAlone, budget, golden };
    });
    const { ours, variance, runsAlone, budget, golden } = found;
    const calibration = texts && { texts: texts.texts.length, sha256: texts.sha256 };
    const kinds = float.layers.map(({ kind }) => kind);
    const report: QuantizeReport = {
      schema_version: 1,
      model: source.model,
      source: options.source,
      version: options.target,
      folder: join(folder.path, '..', options.target),
      method: options.method,
      weight_bits: options.weightBits,
      calibration: options.method === 'static' ? calibration : null,
      model_bytes: { before: modelBytes(source), after: modelBytes(draft) },
      quantized: {
        products: kinds.filter((kind) => kind === 'linear').length,
        tables: kinds.filter((kind) => kind === 'embedding').length,
      },
      left_out: float.leftOut,
      largest_weight_error: quantized.weightErrors.reduce(
        (most, one) => (one.error > most.error ? one : most),
        quantized.weightErrors[0] ?? { layer: '', error: 0 },
      ),
      agreement: ours.length === 0 ? null : compareRows(ours, theirs),
      batch_variance: variance,
      runs_alone: runsAlone,
      budget,
      duration_s: (performance.now() - this.startedAt) / 1_000,
    };
    if (this.parity !== null) await folder.write('parity.json', this.newParity(this.parity, golden));
    await folder.write('CARD.md', quantizedCard(report, source, options.command));
    const manifest = newManifest({
      source,
      version: options.target,
      method: options.method,
      weightBits: options.weightBits,
      leftOut: float.leftOut.map(({ name }) => name),
      calibration: report.calibration,
      command: options.command,
      maxPaddedTokens: budget?.max_padded_tokens ?? source.manifest.batching.max_padded_tokens,
      runsAlone,
      variance,
      checked: this.parity && {
        parity_texts: golden.length,
        max_score_difference: largestRounding(golden),
        label_flips: 0,
      },
      files: folder.files,
    });
    await folder.write('manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
    await folder.publish();
    return report;
  }

  /** The version as it is so far, for the worker process. */
  private draft(): ModelVersion {
    const { source, folder, options } = this;
    const manifest = { ...source.manifest, version: options.target, files: folder.files };
    const key = `${source.model}/${options.target}@draft`;
    return { ...source, version: options.target, folder: folder.path, key, manifest };
  }

  private async withRunner<T>(
    version: ModelVersion,
    options: QuantizeVersionOptions,
    use: (runner: VersionRunner) => Promise<T>,
  ): Promise<T> {
    const runner = await VersionRunner.open(version, options);
    try {
      return await use(runner);
    } finally {
      await runner.close();
    }
  }

  private alone(runner: VersionRunner): Promise<Row[]> {
    const encodings = this.compared.map((text) => runner.encode(text));
    return answersAlone(runner, encodings, this.progress.of('texts', encodings.length));
  }

  private goldenRows(runner: VersionRunner): Promise<Row[]> {
    const items = this.parity?.items ?? [];
    this.progress.begin(`${items.length} golden texts`);
    return answersAlone(runner, items, this.progress.of('golden texts', items.length));
  }

  private newParity(parity: ParityFile, rows: readonly Row[]): string {
    const { onnxruntime = '' } = runtimeVersions();
    const { manifest, version: sourceVersion } = this.source;
    const { labels } = manifest;
    return parityWithScores({
      parity,
      sourceVersion,
      version: this.options.target,
      labels,
      rows,
      onnxRuntime: onnxruntime,
    });
  }
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
