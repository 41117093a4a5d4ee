import { attributeOf, integerAttribute, isStandard } from './attributes.js';
import { TensorProto_DataType as DataType, type TensorProto } from './generated/onnx_pb.js';
import type { GraphIndex } from './graph-index.js';
import { dimsOf, floatsOf, isFloatTensor } from './tensor.js';

const FLOAT: number = DataType.FLOAT;

/** A value of a graph that is the same in every run, without its elements: those may be millions. */
export interface ConstantShape {
  readonly dims: readonly number[];
  /** Element type of the value where it is read, which a Cast may have changed from the stored one. */
  readonly dataType: number;
}

/** How a value comes from a stored tensor, each step a node. */
interface Origin {
  readonly tensor: TensorProto;
  readonly dataType: number;
  readonly transposed: boolean;
}

/**
 * Finds the constants of a graph: stored tensors, also behind Cast, Identity and the Transpose of a matrix.
 */
export class Constants {
  constructor(private readonly index: GraphIndex) {}

  /** Shape and type of a constant of floats; undefined for anything else. */
  shape(name: string): ConstantShape | undefined {
    const origin = this.origin(name);
    if (origin === undefined) return undefined;
    const dims = dimsOf(origin.tensor);
    return { dims: origin.transposed ? dims.reverse() : dims, dataType: origin.dataType };
  }

  /** The elements of a constant of floats in row-major order; not to be changed. */
  floats(name: string): Float32Array | undefined {
    const origin = this.origin(name);
    if (origin === undefined) return undefined;
    const values = floatsOf(origin.tensor);
    const [rows = 0, columns = 0] = dimsOf(origin.tensor);
    return origin.transposed ? transpose(values, rows, columns) : values;
  }

  private origin(name: string): Origin | undefined {
    const stored = this.index.initializer(name);
    if (stored !== undefined) return fromTensor(stored);
    const node = this.index.producer(name);
    if (node === undefined) return undefined;
    if (isStandard(node, 'Constant')) {
      const tensor = attributeOf(node, 'value')?.t;
      return tensor && fromTensor(tensor);
    }
    const [input = ''] = node.input;
    if (isStandard(node, 'Identity')) return this.origin(input);
    if (isStandard(node, 'Cast')) {
      const origin = this.origin(input);
      const dataType = integerAttribute(node, 'to', 0);
      // To float16 would round; only what gives the stored values back is looked through.
      return origin && dataType === FLOAT ? { ...origin, dataType } : undefined;
    }
    if (isStandard(node, 'Transpose')) {
      const origin = this.origin(input);
      const perm = attributeOf(node, 'perm')?.ints.map(Number) ?? [1, 0];
      const isMatrix = origin?.tensor.dims.length === 2 && perm.join() === '1,0';
      return isMatrix ? { ...origin, transposed: !origin.transposed } : undefined;
    }
    return undefined;
  }
}

function fromTensor(tensor: TensorProto): Origin | undefined {
  return isFloatTensor(tensor) ? { tensor, dataType: tensor.dataType, transposed: false } : undefined;
}

/** A matrix of rows × columns, row by row, as its transposed, row by row. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const transposed = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      transposed[column * rows + row] = values[row * columns + column] ?? 0;
    }
  }
  return transposed;
}
