import { makeNode, type AttributeValue } from '../onnx/attributes.js';
import { shallowCopy } from '../onnx/copy-fields.js';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType as DataType,
  type ModelProto,
  type NodeProto,
  type TensorProto,
} from '../onnx/generated/onnx_pb.js';
import { makeTensor } from '../onnx/tensor.js';

/** Marks the values that are added to a graph: no exporter writes it. */
const OWN = 'serin.padding';

/** The graph reads token types where it read the mask, and the other way round. */
export function withMaskAndTypesSwapped(model: ModelProto): ModelProto {
  return changed(model, { attention_mask: 'token_type_ids', token_type_ids: 'attention_mask' });
}

/** The graph reads ones where it read the mask: all padding counts as words. */
export function withMaskOfOnes(model: ModelProto): ModelProto {
  const ones = `${OWN}.ones`;
  return changed(model, { attention_mask: ones }, onesLikeInput(ones));
}

/**
 * The graph reads each row with its padding on the left, where it was on the right: the words are turned round, and
 * then the whole row.
 */
export function paddedOnTheLeft(model: ModelProto): ModelProto {
  const [ones, words, length] = [`${OWN}.ones`, `${OWN}.words`, `${OWN}.length`];
  const inputs = ['input_ids', 'attention_mask'];
  const turn = (input: string, lengths: string, output: string): NodeProto =>
    node('ReverseSequence', [input, lengths], output, { batch_axis: 0n, time_axis: 1n });
  return changed(
    model,
    Object.fromEntries(inputs.map((name) => [name, `${OWN}.${name}`])),
    [
      ...onesLikeInput(ones),
      sumOfRow(model, 'attention_mask', words),
      sumOfRow(model, ones, length),
      ...inputs.flatMap((name) => [
        turn(name, words, `${OWN}.turned.${name}`),
        turn(`${OWN}.turned.${name}`, length, `${OWN}.${name}`),
      ]),
    ],
    [makeTensor(ROW_AXIS, [1], new BigInt64Array([1n]))],
  );
}

const ROW_AXIS = `${OWN}.axis`;

/** ReduceSum takes its axes as an input since this opset, and as an attribute before. */
const AXES_AS_INPUT = 13n;

function sumOfRow({ opsetImport }: ModelProto, input: string, output: string): NodeProto {
  const opset = opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0n;
  return opset >= AXES_AS_INPUT
    ? node('ReduceSum', [input, ROW_AXIS], output, { keepdims: 0n })
    : node('ReduceSum', [input], output, { keepdims: 0n, axes: [1n] });
}

const onesLikeInput = (output: string): NodeProto[] => [
  node('Equal', ['input_ids', 'input_ids'], `${output}.bool`),
  node('Cast', [`${output}.bool`], output, { to: BigInt(DataType.INT64) }),
];

const node = (
  opType: string,
  input: readonly string[],
  output: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
): NodeProto => makeNode({ opType, name: output, input, output: [output], attributes });

/**
 * A copy of a model whose nodes read other values in the place of some.
 * @param replaced the value to read, by the one that was read
 * @param nodes that make these values; they come first
 */
function changed(
  model: ModelProto,
  replaced: Readonly<Record<string, string>>,
  nodes: readonly NodeProto[] = [],
  initializers: readonly TensorProto[] = [],
): ModelProto {
  const copy = shallowCopy(ModelProtoSchema, model);
  if (model.graph === undefined) return copy;
  copy.graph = shallowCopy(GraphProtoSchema, model.graph);
  copy.graph.initializer = [...initializers, ...model.graph.initializer];
  copy.graph.node = [
    ...nodes,
    ...model.graph.node.map((existing) => {
      if (!existing.input.some((name) => Object.hasOwn(replaced, name))) return existing;
      const other = shallowCopy(NodeProtoSchema, existing);
      other.input = existing.input.map((name) => replaced[name] ?? name);
      return other;
    }),
  ];
  return copy;
}
