import { isStandard } from '../onnx/attributes.js';
import type { GraphProto } from '../onnx/generated/onnx_pb.js';
import { GraphIndex } from '../onnx/graph-index.js';
import { dimsOf } from '../onnx/tensor.js';

/** The inputs of a fused embedding that hold ids, and those that hold the tables for them. */
const FUSED_TABLES: Readonly<Record<number, number>> = { 0: 2, 1: 4 };

/**
 * Rows of the table that an input looks up; with `input_ids`, an id beyond them ends a run.
 * @returns null when the input looks nothing up, or the graph hides the table, e.g. in a function
 */
export function rowsLookedUp(graph: GraphProto, input: string): number | null {
  const index = new GraphIndex(graph);
  const names = [input, ...castsOf(index, input)];
  for (const node of names.flatMap((name) => index.consumers(name))) {
    const isGather = isStandard(node, 'Gather') && names.includes(node.input[1] ?? '');
    const isFused = node.opType === 'EmbedLayerNormalization';
    const fused = isFused ? FUSED_TABLES[node.input.findIndex((name) => names.includes(name))] : undefined;
    if (!isGather && fused === undefined) continue;
    const table = index.initializer(weightsBehind(index, node.input[isGather ? 0 : (fused ?? 0)] ?? ''));
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
