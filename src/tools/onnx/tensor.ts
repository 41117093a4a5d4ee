import { create } from '@bufbuild/protobuf';
import {
  TensorProto_DataType as DataType,
  TensorProtoSchema,
  type TensorProto,
} from './generated/onnx_pb.js';
import { OnnxError } from './onnx-error.js';

/** IEEE 754 binary16, given as its 16 bits, to the number that it stands for. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The value of each of the 65,536 bit patterns; computed at the first use. */
let table: Float32Array | undefined;

/** Values of binary16 as float32, which holds each of them exactly. */
function halvesToFloats(halves: Uint16Array): Float32Array {
  table ??= Float32Array.from({ length: 0x10000 }, (_, bits) => halfToNumber(bits));
  const floats = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) floats[i] = table[halves[i] ?? 0] ?? 0;
  return floats;
}

/** The arrays that a tensor can be made of, with the element type that each stands for. */
const ELEMENT_TYPES = [
  [Float32Array, DataType.FLOAT],
  [Uint8Array, DataType.UINT8],
  [Int8Array, DataType.INT8],
  [Int32Array, DataType.INT32],
  [BigInt64Array, DataType.INT64],
] as const;

// The field is a plain number, so that a type of a later standard can be read.
const FLOAT: number = DataType.FLOAT;
const FLOAT16: number = DataType.FLOAT16;
const INT64: number = DataType.INT64;
const INT32: number = DataType.INT32;

export type TensorArray = Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;

/** Name of an element type as the ONNX standard writes it, e.g. `FLOAT16`. */
export const typeName = (dataType: number): string => DataType[dataType] ?? `type ${dataType}`;

export const dimsOf = (tensor: TensorProto): number[] => tensor.dims.map(Number);

export const elementCount = (dims: readonly number[]): number => dims.reduce((product, n) => product * n, 1);

/** A tensor whose raw data are the array's own memory, not a copy. Dimensions: none for a scalar. */
export function makeTensor(name: string, dims: readonly number[], values: TensorArray): TensorProto {
  const type = ELEMENT_TYPES.find(([kind]) => values instanceof kind);
  if (type === undefined || values.length !== elementCount(dims)) {
    throw new Error(`${values.length} values do not fill the tensor ${name} of [${dims.join(', ')}]`);
  }
  const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType: type[1], rawData });
}

/** Raw data as an array of elements: a view where the memory is aligned, a copy where it is not. */
function elements<T>(
  { rawData }: TensorProto,
  kind: {
    new (buffer: ArrayBufferLike, offset: number, length: number): T;
    readonly BYTES_PER_ELEMENT: number;
  },
): T {
  const size = kind.BYTES_PER_ELEMENT;
  const aligned = rawData.byteOffset % size === 0 ? rawData : Uint8Array.from(rawData);
  return new kind(aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / size));
}

/** True for a tensor that {@link floatsOf} can read. */
export const isFloatTensor = ({ dataType }: TensorProto): boolean =>
  dataType === FLOAT || dataType === FLOAT16;

/**
 * The values of a float32 or float16 tensor in row-major order; not to be changed, they may be the model's own memory.
 * @throws OnnxError when it is of another type, or holds more or fewer values than its shape says
 */
export function floatsOf(tensor: TensorProto): Float32Array {
  let floats: Float32Array;
  const isRaw = tensor.rawData.length > 0;
  if (tensor.dataType === FLOAT) {
    floats = isRaw ? elements(tensor, Float32Array) : Float32Array.from(tensor.floatData);
  } else if (tensor.dataType === FLOAT16) {
    floats = halvesToFloats(isRaw ? elements(tensor, Uint16Array) : Uint16Array.from(tensor.int32Data));
  } else {
    throw new OnnxError(
      `The tensor ${tensor.name} holds ${typeName(tensor.dataType)}, not float32 or float16.`,
    );
  }
  return checked(tensor, floats);
}

/**
 * The values of an int64 or int32 tensor: a shape, axes or bounds.
 * @throws OnnxError when it is of another type, or holds more or fewer values than its shape says
 */
export function integersOf(tensor: TensorProto): number[] {
  const isRaw = tensor.rawData.length > 0;
  if (tensor.dataType === INT64) {
    const values = isRaw ? [...elements(tensor, BigInt64Array)] : tensor.int64Data;
    return checked(tensor, values.map(Number));
  }
  if (tensor.dataType === INT32) {
    return checked(tensor, isRaw ? [...elements(tensor, Int32Array)] : tensor.int32Data);
  }
  throw new OnnxError(`The tensor ${tensor.name} holds ${typeName(tensor.dataType)}, not integers.`);
}

function checked<T extends ArrayLike<number>>(tensor: TensorProto, values: T): T {
  const dims = dimsOf(tensor);
  if (values.length === elementCount(dims)) return values;
  throw new OnnxError(
    `The tensor ${tensor.name} has the shape [${dims.join(', ')}] but ${values.length} values: the file is damaged.`,
  );
}
