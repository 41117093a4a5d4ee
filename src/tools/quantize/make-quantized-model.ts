import { StartError } from '../../base/errors/start-error.js';
import { counted } from '../../base/format.js';
import { withLines, readLabelledData, type LabelledData } from '../measure/labelled-data.js';
import { evenSample } from '../../base/statistics/even-sample.js';
import { loadTokenizer } from '../../engine/tokenization/load-tokenizer.js';
import { writeModelFile } from '../onnx/model-file.js';
import { calibrate } from './calibration/calibrate.js';
import { CALIBRATION_FILE } from './calibration/calibration-texts.js';
import { readFloatModel, type FloatModel } from './float-model.js';
import type { KeptLayer, Layer } from './layers.js';
import { ModelTrials } from './model-trials.js';
import { quantizeModel, type Activations, type WeightError } from './quantize-graph.js';
import { draftOf, withRunner, type QuantizeRun } from './quantize-run.js';
import { leaveOutFewest } from './search-layers.js';

/** Number of texts on which a search measures the effect of each single layer. */
const SHIFT_TEXTS = 64;

/** What the model in the folder is made of. */
export interface MadeModel {
  readonly layers: readonly Layer[];
  readonly leftOut: readonly KeptLayer[];
  readonly weightErrors: readonly WeightError[];
}

/**
 * Calibrates, chooses the layers and writes the model into the folder, beside the files that are the source's too.
 * @throws StartError or OnnxError with a sentence when the model or the data cannot be used
 */
export async function makeQuantizedModel(run: QuantizeRun): Promise<MadeModel> {
  const { options, source, staged, progress } = run;
  const { search } = options;
  // Checked before the calibration, which takes minutes, so that an unusable file is reported at once.
  const data = search === null ? null : await readLabelledData(search.data, source.manifest.labels);
  const float = readFloatModel(source, options.method, options.leaveOut);
  const activations = options.method === 'dynamic' ? 'dynamic' : await calibrated(run, float);
  await staged.copy(source, copiedFiles(run));
  const chosen =
    search === null || data === null
      ? float
      : await searched(run, float, activations, data, search.maxDropPoints);
  progress.begin(`quantising ${chosen.layers.length} layers`);
  const weightErrors = await writeModel(run, float, chosen.layers, activations);
  return { layers: chosen.layers, leftOut: chosen.leftOut, weightErrors };
}

async function calibrated(
  { source, staged, texts, options, progress }: QuantizeRun,
  { model, layers }: FloatModel,
): Promise<Activations> {
  if (texts === null) throw new Error('static quantisation has texts');
  const tokenizer = await loadTokenizer(source);
  const names = [...new Set(layers.flatMap((layer) => (layer.kind === 'linear' ? [layer.input] : [])))];
  const total = texts.texts.length;
  progress.begin(`calibrating ${names.length} activations on ${total} texts`);
  return calibrate(model, names, {
    modelFile: staged.path('calibration.onnx'),
    sequences: texts.texts.map((text) => tokenizer.encode(text).ids),
    signal: options.signal,
    onProgress: progress.of('calibrating', total),
  });
}

async function searched(
  run: QuantizeRun,
  float: FloatModel,
  activations: Activations,
  data: LabelledData,
  maxDropPoints: number,
): Promise<FloatModel> {
  const { progress, options, source, compared } = run;
  progress.begin(
    `searching for the fewest layers to leave out, on ${counted(data.items.length, 'labelled text')} of a file ${withLines(data.lines, data.continuedLines)}`,
  );
  const trials = await ModelTrials.open({
    data,
    shiftTexts: evenSample(compared, SHIFT_TEXTS),
    withSource: (use) => withRunner(source, options, use),
    withLayers: async (layers, use) => {
      await writeModel(run, float, layers, activations);
      return withRunner(draftOf(run), options, use);
    },
    onShift: progress.of('layers by themselves', float.layers.length),
  });
  const found = await leaveOutFewest(float.layers, maxDropPoints, trials, options.say);
  if (found === null) {
    throw new StartError(
      `No choice of layers keeps the loss of accuracy within ${maxDropPoints} points: quantise with --weight-bits 8, with more calibration texts, or allow more with --max-accuracy-drop.`,
    );
  }
  return { ...float, layers: found.layers, leftOut: [...float.leftOut, ...found.leftOut] };
}

/** Writes the model with these layers quantised, in place of one written before. */
async function writeModel(
  { staged, options }: QuantizeRun,
  { model }: FloatModel,
  layers: readonly Layer[],
  activations: Activations,
): Promise<readonly WeightError[]> {
  const quantized = quantizeModel(model, { layers, activations, weightBits: options.weightBits });
  for (const name of writeModelFile(staged.path('model.onnx'), quantized.model)) {
    await staged.add(name);
  }
  return quantized.weightErrors;
}

/** The facts about the source that also hold for the product. */
function copiedFiles({ source, texts }: QuantizeRun): string[] {
  const names = Object.keys(source.manifest.files);
  const keepsTexts = texts?.isShipped ?? false;
  return names.filter((name) => {
    if (name === CALIBRATION_FILE) return keepsTexts;
    return !['parity.json', 'CARD.md'].includes(name) && !name.startsWith('model.onnx');
  });
}
