import { StartError } from '../../base/errors/start-error.js';
import {
  TensorProto_DataType as DataType,
  type GraphProto,
  type ValueInfoProto,
} from '../onnx/generated/onnx_pb.js';
import { typeName } from '../onnx/tensor.js';
import { exportCommand } from './find-model.js';

/** The inputs and outputs of a graph that is known to be a classifier. */
export interface GraphSignature {
  readonly inputs: readonly string[];
  /** Name of the output that carries the logits. */
  readonly output: string;
  /** Logits per row; null where the graph leaves it open. */
  readonly width: number | null;
}

/** The size of one axis, its name, or null where nothing is said. */
type Axis = number | string | null;

interface Value {
  readonly name: string;
  readonly type: number;
  /** Null: the rank is open. */
  readonly axes: readonly Axis[] | null;
}

const KNOWN_INPUTS: readonly string[] = ['input_ids', 'attention_mask', 'token_type_ids'];

/** What the names of inputs and outputs say about a model that is no classifier of texts. */
const OTHER_KINDS: readonly (readonly [RegExp, string])[] = [
  [/^(past_key_values|past|present|decoder_|encoder_hidden_states|use_cache)/, 'a generator'],
  [/^(start|end)_logits$/, 'a model that answers questions by marking them in a text'],
  [/^(pixel_values|input_features|input_values|bbox)/, 'a model of images or sound'],
];

const AS_CLASSIFIER = `Serin serves classifiers: export a model with a classification head, "${exportCommand()}"`;

const INT64: number = DataType.INT64;
const FLOAT: number = DataType.FLOAT;

function valueOf({ name, type }: ValueInfoProto): Value {
  if (type?.value.case !== 'tensorType') return { name, type: 0, axes: null };
  const { elemType, shape } = type.value.value;
  const axes = shape?.dim.map(({ value }): Axis => {
    if (value.case === 'dimValue') return Number(value.value);
    return value.case === 'dimParam' ? value.value : null;
  });
  return { name, type: elemType, axes: axes ?? null };
}

/**
 * Whether a graph takes token ids and answers logits, one row per text.
 * @param vocabSize of config.json: tells a generator's logits from others
 * @throws StartError that names what the model is instead, and how to export a classifier
 */
export function checkSignature(graph: GraphProto, vocabSize: number | null): GraphSignature {
  // Files of old list their weights among the inputs.
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const inputs = graph.input.filter(({ name }) => !weights.has(name)).map(valueOf);
  const outputs = graph.output.map(valueOf);
  for (const { name } of [...inputs, ...outputs]) {
    const kind = OTHER_KINDS.find(([pattern]) => pattern.test(name))?.[1];
    if (kind !== undefined) throw new StartError(`model.onnx is ${kind} (it has ${name}). ${AS_CLASSIFIER}.`);
  }
  checkInputs(inputs);
  const output = outputs.find(({ name }) => name === 'logits') ?? outputs[0];
  if (output === undefined) throw new StartError(`model.onnx answers nothing. ${AS_CLASSIFIER}.`);
  return { inputs: inputs.map(({ name }) => name), output: output.name, width: widthOf(output, vocabSize) };
}

function checkInputs(inputs: readonly Value[]): void {
  const unknown = inputs.filter(({ name }) => !KNOWN_INPUTS.includes(name)).map(({ name }) => name);
  if (unknown.length > 0 || inputs.every(({ name }) => name !== 'input_ids')) {
    const names = inputs.map(({ name }) => name).join(', ') || 'none';
    throw new StartError(
      `model.onnx has the inputs ${names}; it must take input_ids, and may take attention_mask and token_type_ids: export it with "${exportCommand()}".`,
    );
  }
  for (const { name, type, axes } of inputs) {
    if (type !== INT64) {
      throw new StartError(
        `The input ${name} is of type ${typeName(type)}, but must be INT64: export it with "${exportCommand()}".`,
      );
    }
    if (axes !== null && axes.length !== 2) {
      throw new StartError(
        `The input ${name} has ${axes.length} axes, but must have two: batch and sequence.`,
      );
    }
    const fixed = axes?.find((axis) => typeof axis === 'number');
    if (fixed !== undefined) {
      throw new StartError(
        `The input ${name} has the fixed shape [${axes?.join(', ') ?? ''}], but texts differ in number and length: ` +
          `export it with "${exportCommand()}", or give torch.onnx.export dynamic_axes={"${name}": {0: "batch", 1: "sequence"}, …}.`,
      );
    }
  }
}

function widthOf({ name, type, axes }: Value, vocabSize: number | null): number | null {
  if (/(hidden_state|embedding|pooler_output)/.test(name)) {
    throw new StartError(`model.onnx extracts features (its output is ${name}). ${AS_CLASSIFIER}.`);
  }
  if (type !== FLOAT) {
    throw new StartError(
      `The output ${name} is of type ${typeName(type)}, but must be FLOAT: convert the model with keep_io_types=True.`,
    );
  }
  if (axes === null) return null;
  const last = axes.at(-1);
  if (axes.length === 3) {
    const isVocabulary = typeof last === 'number' && (last === vocabSize || last > 1000);
    const kind = isVocabulary
      ? 'a generator or a filler of masks: it scores every word of its vocabulary for each token'
      : 'a classifier of single tokens or an extractor of features: it answers a row per token, not one per text';
    throw new StartError(`model.onnx is ${kind}. ${AS_CLASSIFIER}.`);
  }
  if (axes.length !== 2) {
    throw new StartError(
      `The output ${name} has ${axes.length} axes, but must be [batch, labels]. ${AS_CLASSIFIER}.`,
    );
  }
  return typeof last === 'number' ? last : null;
}
