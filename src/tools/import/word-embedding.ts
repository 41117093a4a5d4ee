import { isStandard } from '../onnx/attributes.js';
import type { GraphProto } from '../onnx/generated/onnx_pb.js';
import { GraphIndex } from '../onnx/graph-index.js';
import { dimsOf } from '../onnx/tensor.js';

/**
 * Rows of the table that token ids look up: an id beyond them ends a run.
 * @returns null when the graph hides the table, e.g. in a function
 */
export function embeddingRows(graph: GraphProto): number | null {
  const index = new GraphIndex(graph);
  const names = ['input_ids', ...castsOf(index, 'input_ids')];
  for (const node of names.flatMap((name) => index.consumers(name))) {
    const isGather = isStandard(node, 'Gather') && names.includes(node.input[1] ?? '');
    const isFused = node.opType === 'EmbedLayerNormalization';
    if (!isGather && !isFused) continue;
    const table = index.initializer(weightsBehind(index, node.input[isGather ? 0 : 2] ?? ''));
    const dims = table ? dimsOf(table) : [];
    if (dims.length === 2 && dims[0] !== undefined) return dims[0];
  }
  return null;
}

/** Names that hold the same ids in another type. */
function castsOf(index: GraphIndex, name: string): string[] {
  return index
    .consumers(name)
    .filter((node) => isStandard(node, 'Cast', 'Identity'))
    .flatMap(({ output }) => output);
}

/** A table stored as fp16 or int8 is cast before, or after, it is looked up. */
function weightsBehind(index: GraphIndex, name: string): string {
  const producer = index.producer(name);
  const isStep = producer !== undefined && isStandard(producer, 'Cast', 'Identity', 'DequantizeLinear');
  return isStep ? weightsBehind(index, producer.input[0] ?? '') : name;
}
