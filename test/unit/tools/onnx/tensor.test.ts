import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import {
  TensorProto_DataType as DataType,
  TensorProtoSchema,
} from '../../../../src/tools/onnx/generated/onnx_pb.js';
import { halfToNumber, floatsOf, integersOf, makeTensor } from '../../../../src/tools/onnx/tensor.js';

describe('tensors', () => {
  it('are read from raw data that are not aligned', () => {
    const memory = new Uint8Array(13);
    new DataView(memory.buffer).setFloat32(1, 1.5, true);
    new DataView(memory.buffer).setFloat32(5, -2, true);
    const rawData = memory.subarray(1, 9);
    const tensor = create(TensorProtoSchema, { name: 't', dims: [2n], dataType: DataType.FLOAT, rawData });
    expect(floatsOf(tensor)).toEqual(new Float32Array([1.5, -2]));
  });

  it('are read from every field that can hold them', () => {
    const base = { name: 't', dims: [2n] };
    const floats = create(TensorProtoSchema, { ...base, dataType: DataType.FLOAT, floatData: [1, 2] });
    const halves = create(TensorProtoSchema, {
      ...base,
      dataType: DataType.FLOAT16,
      int32Data: [0x3c00, 0xc000],
    });
    const longs = create(TensorProtoSchema, { ...base, dataType: DataType.INT64, int64Data: [1n, -2n] });
    expect(floatsOf(floats)).toEqual(new Float32Array([1, 2]));
    expect(floatsOf(halves)).toEqual(new Float32Array([1, -2]));
    expect(integersOf(longs)).toEqual([1, -2]);
    expect(integersOf(makeTensor('t', [3], new BigInt64Array([1n, 0n, -5n])))).toEqual([1, 0, -5]);
    expect(integersOf(makeTensor('t', [2], new Int32Array([7, -7])))).toEqual([7, -7]);
  });

  it('hold every number of binary16 exactly', () => {
    const cases = [0x0000, 0x0001, 0x03ff, 0x0400, 0x3555, 0x3c00, 0x7bff, 0x8001, 0xfbff].map(halfToNumber);
    expect(cases).toEqual([
      0,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      1365 / 4096,
      1,
      65504,
      -(2 ** -24),
      -65504,
    ]);
    expect([0x7c00, 0xfc00, 0x7e00].map(halfToNumber)).toEqual([Infinity, -Infinity, NaN]);
  });

  it('are refused when the shape does not fit, or the type is another', () => {
    expect(() => makeTensor('t', [3], new Float32Array(2))).toThrow('do not fill');
    const short = create(TensorProtoSchema, {
      name: 't',
      dims: [3n],
      dataType: DataType.FLOAT,
      floatData: [1],
    });
    expect(() => floatsOf(short)).toThrow('the shape [3] but 1 values');
    expect(() => floatsOf(makeTensor('t', [1], new Int8Array(1)))).toThrow(
      'holds INT8, not float32 or float16',
    );
    expect(() => integersOf(makeTensor('t', [1], new Float32Array(1)))).toThrow('holds FLOAT, not integers');
  });
});
