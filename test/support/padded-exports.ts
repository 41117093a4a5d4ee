import { makeNode, type AttributeValue } from '../../src/tools/onnx/attributes.js';
import { TensorProto_DataType as DataType, type NodeProto } from '../../src/tools/onnx/generated/onnx_pb.js';
import { makeTensor } from '../../src/tools/onnx/tensor.js';
import { valueInfo, type SmallModel } from './onnx-models.js';
import { EXPORT_WIDTH } from './tiny-export.js';

/** Words that a table of positions has rows for; `max_position_embeddings` of the tiny export. */
const POSITIONS = 512;

const node = (
  opType: string,
  input: string[],
  output: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
): NodeProto => makeNode({ opType, name: output, input, output: [output], attributes });

/** Inputs of a graph that is no longer the tiny export's own. */
const inputs = (...names: string[]) =>
  names.map((name) => valueInfo(name, DataType.INT64, ['batch', 'sequence']));

/** A mean over the words, in which those that have no mask count for next to nothing. */
function softlyMasked(mask: string): NodeProto[] {
  return [
    node('Cast', [mask], 'mask.float', { to: BigInt(DataType.FLOAT) }),
    node('Mul', ['mask.float', 'twenty'], 'mask.scaled'),
    node('Softmax', ['mask.scaled'], 'shares', { axis: 1n }),
    node('Unsqueeze', ['shares', 'last'], 'shares.column'),
    node('Mul', ['words', 'shares.column'], 'words.shared'),
    node('ReduceSum', ['words.shared', 'middle'], 'pooled', { keepdims: 0n }),
    node('MatMul', ['pooled', 'head'], 'logits'),
  ];
}

const twenty = () => makeTensor('twenty', [1], new Float32Array([20]));

/** The mask is taken for the token types and the other way round; nothing but trying it shows this. */
export const maskAndTypesSwapped = (model: SmallModel): SmallModel => ({
  ...model,
  inputs: inputs('input_ids', 'attention_mask', 'token_type_ids'),
  nodes: [node('Gather', ['embedding', 'input_ids'], 'words'), ...softlyMasked('token_type_ids')],
  initializers: [...model.initializers, twenty()],
});

/** The graph takes a mask, and pads all the same. */
export const maskIgnored = (model: SmallModel): SmallModel => ({
  ...model,
  inputs: inputs('input_ids', 'attention_mask'),
  nodes: [
    node('Gather', ['embedding', 'input_ids'], 'words'),
    node('ReduceMean', ['words', 'middle'], 'pooled', { keepdims: 0n }),
    node('MatMul', ['pooled', 'head'], 'logits'),
  ],
});

/** The last column is position 0: padding on the right moves all words. */
export const positionsFromTheRight = (model: SmallModel): SmallModel => ({
  ...model,
  inputs: inputs('input_ids', 'attention_mask'),
  nodes: [
    node('Shape', ['input_ids'], 'shape'),
    node('Slice', ['shape', 'middle', 'last'], 'length.list'),
    node('Squeeze', ['length.list'], 'length'),
    node('Range', ['zero', 'length', 'one'], 'columns'),
    node('Sub', ['length', 'columns'], 'positions.after'),
    node('Sub', ['positions.after', 'one'], 'positions'),
    node('Gather', ['position.table', 'positions'], 'places'),
    node('Gather', ['embedding', 'input_ids'], 'words.plain'),
    node('Mul', ['words.plain', 'places'], 'words'),
    ...softlyMasked('attention_mask'),
  ],
  initializers: [
    ...model.initializers,
    twenty(),
    makeTensor('zero', [], new BigInt64Array([0n])),
    makeTensor('one', [], new BigInt64Array([1n])),
    makeTensor(
      'position.table',
      [POSITIONS, EXPORT_WIDTH],
      Float32Array.from({ length: POSITIONS * EXPORT_WIDTH }, (_, i) => Math.cos(i * 0.9)),
    ),
  ],
});
