import { isStandard } from '../onnx/attributes.js';
import type { GraphProto, NodeProto } from '../onnx/generated/onnx_pb.js';
import { GraphIndex } from '../onnx/graph-index.js';
import type { LinearLayer } from './layers.js';

/** Operators that only move values or leave some out: the result may as well be taken of the uint8 values. */
const MOVERS = ['Slice', 'Gather', 'Reshape', 'Transpose', 'Squeeze', 'Unsqueeze', 'Flatten', 'Identity'];

/** Where the uint8 values that a product reads come from. */
export interface QuantizedInput {
  /** The value that is quantised. */
  readonly source: string;
  /** Nodes between it and the product, in order, to be repeated on the uint8 values. */
  readonly movers: readonly NodeProto[];
}

/**
 * For each value that a product reads: the value to quantise. Products that read the same share it; one that reads a
 * part of what another reads takes that part of its uint8 values, so that nothing is quantised twice.
 */
export function planActivations(
  graph: GraphProto,
  layers: readonly LinearLayer[],
): ReadonlyMap<string, QuantizedInput> {
  const index = new GraphIndex(graph);
  const read = new Set(layers.map(({ input }) => input));
  return new Map([...read].map((input) => [input, inputFor(input, read, index)]));
}

function inputFor(input: string, read: ReadonlySet<string>, index: GraphIndex): QuantizedInput {
  const movers: NodeProto[] = [];
  let farthest: QuantizedInput = { source: input, movers: [] };
  for (let name = input; ;) {
    const node = index.producer(name);
    const from = node?.input[0];
    if (node === undefined || from === undefined || !isStandard(node, ...MOVERS)) return farthest;
    movers.unshift(node);
    name = from;
    if (read.has(name)) farthest = { source: name, movers: [...movers] };
  }
}
