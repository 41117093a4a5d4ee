import { floatAttribute, integerAttribute, isStandard } from '../onnx/attributes.js';
import { Constants } from '../onnx/constants.js';
import {
  TensorProto_DataType as DataType,
  type GraphProto,
  type NodeProto,
} from '../onnx/generated/onnx_pb.js';
import { GraphIndex } from '../onnx/graph-index.js';
import { elementCount } from '../onnx/tensor.js';

/** A product with a constant matrix, and the addition of a constant vector behind it. */
export interface LinearLayer {
  readonly kind: 'linear';
  /** Name of the product's node, by which it is left out; of its result when the node has none. */
  readonly name: string;
  readonly product: NodeProto;
  readonly biasAdd: NodeProto | null;
  /** The value that is multiplied. */
  readonly input: string;
  readonly output: string;
  readonly weight: string;
  /** True when the matrix is stored [columns, rows] (Gemm with transB). */
  readonly isTransposed: boolean;
  readonly bias: string | null;
  /** Lengths of the input and of the output. */
  readonly rows: number;
  readonly columns: number;
}

/** Rows of a constant table by their numbers, and the Cast behind them. */
export interface EmbeddingLayer {
  readonly kind: 'embedding';
  readonly name: string;
  readonly gather: NodeProto;
  readonly cast: NodeProto | null;
  readonly output: string;
  readonly table: string;
  readonly rows: number;
  readonly columns: number;
}

export type Layer = LinearLayer | EmbeddingLayer;

/** A layer that stays float, and why. */
export interface KeptLayer {
  readonly name: string;
  readonly reason: string;
}

export interface Layers {
  readonly found: readonly Layer[];
  readonly kept: readonly KeptLayer[];
}

/** A product with fewer columns costs almost nothing, and a classifier's logits come from such a product. */
const FEWEST_COLUMNS = 16;

/** Rows of positions and token types are small, and added to everything: only a vocabulary is worth it. */
const SMALLEST_TABLE = 1_000_000;

const FLOAT: number = DataType.FLOAT;

/** Finds the layers that can be quantised. Nested graphs (of If, Loop) are not changed. */
export function findLayers(graph: GraphProto): Layers {
  const finder = new LayerFinder(graph);
  const all = graph.node.flatMap((node) => finder.look(node) ?? []);
  return {
    found: all.filter((layer) => 'kind' in layer),
    kept: all.filter((layer): layer is KeptLayer => !('kind' in layer)),
  };
}

class LayerFinder {
  private readonly index: GraphIndex;
  private readonly constants: Constants;

  constructor(graph: GraphProto) {
    this.index = new GraphIndex(graph);
    this.constants = new Constants(this.index);
  }

  look(node: NodeProto): Layer | KeptLayer | undefined {
    if (isStandard(node, 'MatMul', 'Gemm')) return this.linear(node);
    if (isStandard(node, 'Gather')) return this.embedding(node);
    return undefined;
  }

  private linear(node: NodeProto): LinearLayer | KeptLayer | undefined {
    const [input = '', weight = '', summand = ''] = node.input;
    const [product = ''] = node.output;
    const shape = this.constants.shape(weight);
    if (shape?.dims.length !== 2 || this.constants.shape(input) !== undefined) return undefined;
    const name = node.name || product;
    if (shape.dataType !== FLOAT) return { name, reason: 'it computes in float16' };
    const isTransposed = integerAttribute(node, 'transB', 0) === 1;
    const [first = 0, second = 0] = shape.dims;
    const [rows, columns] = isTransposed ? [second, first] : [first, second];
    if (node.opType === 'Gemm' && !isPlainGemm(node)) {
      return { name, reason: 'it is a Gemm with alpha, beta or transA' };
    }
    const hasBias = node.opType === 'Gemm' && summand !== '';
    if (hasBias && !this.isVector(summand, columns)) return { name, reason: 'what it adds is not constant' };
    const folded = hasBias ? null : this.biasBehind(product, columns);
    const output = folded?.add.output[0] ?? product;
    if (this.index.isOutput(output)) return { name, reason: "its result is the model's answer" };
    if (columns < FEWEST_COLUMNS) return { name, reason: `it has only ${columns} columns` };
    return {
      kind: 'linear',
      name,
      product: node,
      biasAdd: folded?.add ?? null,
      input,
      output,
      weight,
      isTransposed,
      bias: hasBias ? summand : (folded?.bias ?? null),
      rows,
      columns,
    };
  }

  private isVector(name: string, length: number): boolean {
    const shape = this.constants.shape(name);
    return shape?.dataType === FLOAT && shape.dims.at(-1) === length && elementCount(shape.dims) === length;
  }

  /** The addition of a constant vector that is all that is done with a product. */
  private biasBehind(product: string, columns: number): { add: NodeProto; bias: string } | undefined {
    const [add, ...others] = this.index.consumers(product);
    if (add === undefined || others.length > 0 || this.index.isOutput(product)) return undefined;
    if (!isStandard(add, 'Add')) return undefined;
    const bias = add.input.find((name) => name !== product);
    return bias !== undefined && this.isVector(bias, columns) ? { add, bias } : undefined;
  }

  private embedding(gather: NodeProto): EmbeddingLayer | KeptLayer | undefined {
    const [table = ''] = gather.input;
    const [gathered = ''] = gather.output;
    const shape = this.constants.shape(table);
    if (shape?.dims.length !== 2 || integerAttribute(gather, 'axis', 0) !== 0) return undefined;
    const name = gather.name || gathered;
    if (elementCount(shape.dims) < SMALLEST_TABLE) return { name, reason: 'its table is small' };
    const [cast, ...others] = this.index.consumers(gathered);
    const isCast =
      cast !== undefined &&
      others.length === 0 &&
      isStandard(cast, 'Cast') &&
      integerAttribute(cast, 'to', 0) === FLOAT;
    if (shape.dataType !== FLOAT && !isCast) return { name, reason: 'it computes in float16' };
    const output = isCast ? cast.output[0] : gathered;
    const [rows = 0, columns = 0] = shape.dims;
    return {
      kind: 'embedding',
      name,
      gather,
      cast: isCast ? cast : null,
      output: output ?? '',
      table,
      rows,
      columns,
    };
  }
}

function isPlainGemm(node: NodeProto): boolean {
  const betaCounts = (node.input[2] ?? '') !== '';
  return (
    integerAttribute(node, 'transA', 0) === 0 &&
    floatAttribute(node, 'alpha', 1) === 1 &&
    (!betaCounts || floatAttribute(node, 'beta', 1) === 1)
  );
}
