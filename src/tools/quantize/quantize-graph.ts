import { create } from '@bufbuild/protobuf';
import { makeNode } from '../onnx/attributes.js';
import { Constants, transpose } from '../onnx/constants.js';
import { shallowCopy } from '../onnx/copy-fields.js';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType as DataType,
  type GraphProto,
  type ModelProto,
  type NodeProto,
} from '../onnx/generated/onnx_pb.js';
import { GraphIndex } from '../onnx/graph-index.js';
import { makeTensor, type TensorArray } from '../onnx/tensor.js';
import { uint8Scale, type ActivationRange } from './integer-rounding.js';
import { planActivations, type QuantizedInput } from './plan-activations.js';
import type { EmbeddingLayer, Layer, LinearLayer } from './layers.js';
import { quantizeMatrix, type QuantizedMatrix, type WeightBits } from './quantized-weights.js';

/** The ranges of all quantised activations by name, or `dynamic`: each run finds its own. */
export type Activations = ReadonlyMap<string, ActivationRange> | 'dynamic';

export interface QuantizeOptions {
  readonly layers: readonly Layer[];
  readonly activations: Activations;
  readonly weightBits: WeightBits;
}

export interface WeightError {
  readonly layer: string;
  /** Largest distance between a weight and its quantised value. */
  readonly error: number;
}

export interface QuantizedModel {
  readonly model: ModelProto;
  /** One per matrix and table. */
  readonly weightErrors: readonly WeightError[];
}

/** A table of rows has one scale each, which keeps 8 bits exact on every processor: nothing is multiplied in int8. */
const EMBEDDING_BITS = 8;

/**
 * The model with the given layers in int8: activations uint8 (asymmetric, one scale per tensor), matrices int8 (a scale
 * per column, symmetric), bias folded into `MatMulIntegerToFloat` of ONNX Runtime, whose sum is exact; rows of tables
 * int8 with a scale each. The model given is not changed; tensors are shared with it.
 */
export function quantizeModel(model: ModelProto, options: QuantizeOptions): QuantizedModel {
  const quantized = shallowCopy(ModelProtoSchema, model);
  const graph = shallowCopy(GraphProtoSchema, model.graph ?? create(GraphProtoSchema));
  const rewriter = new Rewriter(graph, options);
  graph.initializer = [...graph.initializer];
  graph.node = graph.node.flatMap((node) => rewriter.replace(node));
  graph.initializer.push(...rewriter.tensors);
  // Shapes and types on record may be of values that are gone.
  graph.valueInfo = [];
  prune(graph);
  quantized.graph = graph;
  quantized.opsetImport = [...model.opsetImport];
  if (!quantized.opsetImport.some(({ domain }) => domain === 'com.microsoft')) {
    quantized.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: 'com.microsoft', version: 1n }));
  }
  quantized.producerName = 'serin-quantize';
  return { model: quantized, weightErrors: rewriter.weightErrors };
}

/** Names of the uint8 values of an activation, of its scale and of its zero point. */
interface UInt8Values {
  readonly values: string;
  readonly scale: string;
  readonly zeroPoint: string;
}

class Rewriter {
  readonly tensors: ReturnType<typeof makeTensor>[] = [];
  readonly weightErrors: WeightError[] = [];
  private readonly constants: Constants;
  private readonly inputs: ReadonlyMap<string, QuantizedInput>;
  private readonly byNode = new Map<NodeProto, Layer>();
  private readonly dropped = new Set<NodeProto>();
  private readonly names: Set<string>;
  /** By the value that is quantised; what a mover makes of it is under the mover's result. */
  private readonly uint8 = new Map<string, UInt8Values>();
  private readonly matrices = new Map<string, { values: string; scales: string }>();

  constructor(
    graph: GraphProto,
    private readonly options: QuantizeOptions,
  ) {
    this.constants = new Constants(new GraphIndex(graph));
    this.inputs = planActivations(
      graph,
      options.layers.filter((layer) => layer.kind === 'linear'),
    );
    this.names = new Set([
      ...graph.node.flatMap(({ name, output }) => [name, ...output]),
      ...[...graph.initializer, ...graph.input].map(({ name }) => name),
    ]);
    for (const layer of options.layers) {
      this.byNode.set(layer.kind === 'linear' ? layer.product : layer.gather, layer);
      const behind = layer.kind === 'linear' ? layer.biasAdd : layer.cast;
      if (behind !== null) this.dropped.add(behind);
    }
  }

  /** The nodes that replace a node, in order. */
  replace(node: NodeProto): NodeProto[] {
    const layer = this.byNode.get(node);
    if (layer !== undefined) return layer.kind === 'linear' ? this.linear(layer) : this.embedding(layer);
    return this.dropped.has(node) ? [] : [node];
  }

  private linear(layer: LinearLayer): NodeProto[] {
    const { name, input, bias } = layer;
    const { nodes, uint8 } = this.quantized(input);
    const matrix = this.matrix(layer);
    const biasValues = bias === null ? undefined : this.constants.floats(bias);
    const biasInput =
      biasValues === undefined ? [] : ['', this.store(`${name}.bias`, [layer.columns], biasValues)];
    const product = makeNode({
      opType: 'MatMulIntegerToFloat',
      domain: 'com.microsoft',
      name: this.fresh(`${name}.int8`),
      input: [uint8.values, matrix.values, uint8.scale, matrix.scales, uint8.zeroPoint, ...biasInput],
      output: [layer.output],
    });
    return [...nodes, product];
  }

  /** The uint8 values of what a product reads, and the nodes that make them, unless some product before has made them. */
  private quantized(input: string): { nodes: NodeProto[]; uint8: UInt8Values } {
    const { source, movers } = this.inputs.get(input) ?? { source: input, movers: [] };
    const nodes: NodeProto[] = [];
    let uint8 = this.uint8.get(source);
    if (uint8 === undefined) {
      const made = this.quantize(source);
      nodes.push(made.node);
      uint8 = made.uint8;
      this.uint8.set(source, uint8);
    }
    for (const mover of movers) {
      const moved = mover.output[0] ?? '';
      let values = this.uint8.get(moved);
      if (values === undefined) {
        const copy = shallowCopy(NodeProtoSchema, mover);
        copy.name = this.fresh(`${mover.name || moved}.uint8`);
        copy.input = [uint8.values, ...mover.input.slice(1)];
        copy.output = [this.fresh(`${moved}.uint8`)];
        nodes.push(copy);
        values = { ...uint8, values: copy.output[0] ?? '' };
        this.uint8.set(moved, values);
      }
      uint8 = values;
    }
    return { nodes, uint8 };
  }

  private quantize(source: string): { node: NodeProto; uint8: UInt8Values } {
    const { activations } = this.options;
    const name = this.fresh(`${source}.quantize`);
    const values = this.fresh(`${source}.uint8`);
    if (activations === 'dynamic') {
      const [scale, zeroPoint] = [this.fresh(`${source}.scale`), this.fresh(`${source}.zero_point`)];
      const output = [values, scale, zeroPoint];
      const node = makeNode({ opType: 'DynamicQuantizeLinear', name, input: [source], output });
      return { node, uint8: { values, scale, zeroPoint } };
    }
    const range = activations.get(source);
    if (range === undefined) throw new Error(`${source} has not been calibrated`);
    const { scale, zeroPoint } = uint8Scale(source, range);
    const uint8 = {
      values,
      scale: this.store(`${source}.scale`, [], new Float32Array([scale])),
      zeroPoint: this.store(`${source}.zero_point`, [], new Uint8Array([zeroPoint])),
    };
    const input = [source, uint8.scale, uint8.zeroPoint];
    return { node: makeNode({ opType: 'QuantizeLinear', name, input, output: [values] }), uint8 };
  }

  private matrix({ name, weight, isTransposed, rows, columns }: LinearLayer): {
    values: string;
    scales: string;
  } {
    // Layers may share a matrix.
    const key = JSON.stringify([weight, isTransposed]);
    const known = this.matrices.get(key);
    if (known !== undefined) return known;
    const stored = this.floats(weight);
    const weights = isTransposed ? transpose(stored, columns, rows) : stored;
    const quantized = this.weighed(name, quantizeMatrix(weights, columns, 'column', this.options.weightBits));
    const made = {
      values: this.store(`${name}.weight`, [rows, columns], quantized.values),
      scales: this.store(`${name}.weight.scale`, [columns], quantized.scales),
    };
    this.matrices.set(key, made);
    return made;
  }

  private embedding({ name, gather, output, table, rows, columns }: EmbeddingLayer): NodeProto[] {
    const quantized = this.weighed(name, quantizeMatrix(this.floats(table), columns, 'row', EMBEDDING_BITS));
    const values = this.store(`${name}.rows`, [rows, columns], quantized.values);
    const scales = this.store(`${name}.rows.scale`, [rows, 1], quantized.scales);
    const ids = gather.input[1] ?? '';
    const made = ['int8', 'float', 'scale'].map((part) => this.fresh(`${name}.${part}`));
    const [int8 = '', float = '', scale = ''] = made;
    return [
      makeNode({ opType: 'Gather', name: int8, input: [values, ids], output: [int8] }),
      makeNode({
        opType: 'Cast',
        name: float,
        input: [int8],
        output: [float],
        attributes: { to: BigInt(DataType.FLOAT) },
      }),
      makeNode({ opType: 'Gather', name: scale, input: [scales, ids], output: [scale] }),
      makeNode({
        opType: 'Mul',
        name: this.fresh(`${name}.scaled`),
        input: [float, scale],
        output: [output],
      }),
    ];
  }

  private weighed(layer: string, matrix: QuantizedMatrix): QuantizedMatrix {
    this.weightErrors.push({ layer, error: matrix.largestError });
    return matrix;
  }

  private floats(name: string): Float32Array {
    const values = this.constants.floats(name);
    if (values === undefined) throw new Error(`${name} is not constant`);
    return values;
  }

  private store(name: string, dims: readonly number[], values: TensorArray): string {
    const free = this.fresh(name);
    this.tensors.push(makeTensor(free, dims, values));
    return free;
  }

  /** The name, with a number when the graph has it already. */
  private fresh(name: string): string {
    let free = name;
    for (let n = 2; this.names.has(free); n++) free = `${name}_${n}`;
    this.names.add(free);
    return free;
  }
}

/** Removes unused nodes and stored tensors from a graph, and then the values that only they read. */
function prune(graph: GraphProto): void {
  for (let before = -1; before !== graph.node.length;) {
    before = graph.node.length;
    const index = new GraphIndex(graph);
    const isRead = (name: string): boolean => index.consumers(name).length > 0 || index.isOutput(name);
    graph.node = graph.node.filter((node) => node.output.some(isRead));
  }
  const index = new GraphIndex(graph);
  const isStoredInVain = (name: string): boolean =>
    index.initializer(name) !== undefined && index.consumers(name).length === 0 && !index.isOutput(name);
  // Models of IR version 3 name each stored tensor as an input as well.
  graph.input = graph.input.filter(({ name }) => !isStoredInVain(name));
  graph.initializer = graph.initializer.filter(({ name }) => !isStoredInVain(name));
}
