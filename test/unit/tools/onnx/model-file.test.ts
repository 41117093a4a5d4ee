import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeNode } from '../../../../src/tools/onnx/attributes.js';
import {
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType as DataType,
  type ModelProto,
} from '../../../../src/tools/onnx/generated/onnx_pb.js';
import { readModelFile, writeModelFile } from '../../../../src/tools/onnx/model-file.js';
import { OnnxError } from '../../../../src/tools/onnx/onnx-error.js';
import { floatsOf, makeTensor } from '../../../../src/tools/onnx/tensor.js';
import { makeModel, valueInfo } from '../../../support/onnx-models.js';

const WEIGHTS = Float32Array.from({ length: 32 * 16 }, (_, i) => Math.sin(i));

/** y = x · w + 5. */
const product = (): ModelProto =>
  makeModel({
    nodes: [
      makeNode({ opType: 'MatMul', name: 'product', input: ['x', 'w'], output: ['xw'] }),
      makeNode({ opType: 'Add', name: 'sum', input: ['xw', 'small'], output: ['y'] }),
    ],
    initializers: [makeTensor('w', [32, 16], WEIGHTS), makeTensor('small', [1], new Float32Array([5]))],
    inputs: [valueInfo('x', DataType.FLOAT, ['rows', 32])],
    outputs: [valueInfo('y', DataType.FLOAT, ['rows', 16])],
  });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-onnx-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const path = (): string => join(folder, 'model.onnx');

/** The sentence that reading the model ends with. */
function refusal(): string {
  try {
    readModelFile(path());
  } catch (error) {
    expect(error).toBeInstanceOf(OnnxError);
    return (error as OnnxError).message.replaceAll(folder, 'FOLDER');
  }
  throw new Error('it was read');
}

async function answer(): Promise<Float32Array> {
  const session = await InferenceSession.create(path());
  const x = Float32Array.from({ length: 64 }, (_, i) => Math.cos(i));
  const { y } = await session.run({ x: new Tensor('float32', x, [2, 32]) });
  await session.release();
  return y?.data as Float32Array;
}

describe('a model in files', () => {
  it('has its weights beside it when asked, and answers the same', async () => {
    const model = product();
    expect(writeModelFile(path(), model)).toEqual(['model.onnx']);
    const expected = await answer();
    expect(writeModelFile(path(), model, 'always')).toEqual(['model.onnx', 'model.onnx.data']);
    expect(statSync(path()).size).toBeLessThan(600);
    expect(await answer()).toEqual(expected);
    expect(model.graph?.initializer[0]?.dataLocation).toBe(TensorProto_DataLocation.DEFAULT);

    const read = readModelFile(path());
    expect(read.externalFiles).toEqual(['model.onnx.data']);
    const [weights] = read.model.graph?.initializer ?? [];
    expect(weights && floatsOf(weights)).toEqual(WEIGHTS);
    writeModelFile(path(), read.model);
    expect(readModelFile(path()).externalFiles).toEqual([]);
    expect(await answer()).toEqual(expected);
  });

  it('is refused in a sentence when it is another kind of file', () => {
    expect(refusal()).toBe('There is no file FOLDER/model.onnx.');
    const refusalOf = (content: string | Uint8Array): string => {
      writeFileSync(path(), content);
      return refusal();
    };
    const prefix = 'FOLDER/model.onnx is not a readable ONNX model: ';
    expect(refusalOf('')).toBe(`${prefix}it is empty.`);
    expect(refusalOf('version https://git-lfs.github.com/spec/v1\noid sha256:ab\n')).toContain(
      'Git LFS pointer',
    );
    expect(refusalOf('PK\x03\x04and more')).toContain('PyTorch file');
    expect(refusalOf('<!doctype html>')).toContain('failed download');
    expect(refusalOf('{"a": 1}')).toContain('a JSON file');
    expect(refusalOf(Buffer.from('8a7b000000000000{"a":', 'latin1').subarray(8))).toContain('safetensors');
    expect(refusalOf(new Uint8Array([0x08, 0x09]))).toBe(`${prefix}it holds no graph, or is cut off.`);
    expect(refusalOf(new Uint8Array(64).fill(0xff))).toBe(`${prefix}it is cut off, or another kind of file.`);
    rmSync(path());
    mkdirSync(path());
    expect(refusal()).toMatch(/cannot be read: it is a folder/);
  });

  it('is refused wherever it is cut off', () => {
    writeModelFile(path(), product());
    const { size } = statSync(path());
    const original = readFileSync(path());
    for (let length = 0; length < size - 20; length += 97) {
      writeFileSync(path(), original.subarray(0, length));
      expect(refusal()).toMatch(/cut off|empty/);
    }
  });

  it('is refused when its weights are missing or cut off', () => {
    writeModelFile(path(), product(), 'always');
    truncateSync(join(folder, 'model.onnx.data'), 100);
    expect(refusal()).toBe(
      'model.onnx.data has 100 bytes, but the tensor w is said to end at 2048: the file is cut off, or of another model.',
    );
    rmSync(join(folder, 'model.onnx.data'));
    expect(refusal()).toBe(
      'The weights of the model lie in model.onnx.data beside it, which is missing: copy it into FOLDER as well.',
    );
  });

  it('reads no weights from outside its folder', () => {
    mkdirSync(join(folder, 'inner'));
    writeFileSync(join(folder, 'secret'), new Uint8Array(2048));
    symlinkSync('../secret', join(folder, 'inner', 'link'));
    const refusalOf = (location: string): string => {
      const model = product();
      const [weights] = model.graph?.initializer ?? [];
      if (weights === undefined) throw new Error('it has weights');
      weights.rawData = new Uint8Array();
      weights.dataLocation = TensorProto_DataLocation.EXTERNAL;
      weights.externalData = [create(StringStringEntryProtoSchema, { key: 'location', value: location })];
      const inner = join(folder, 'inner', 'model.onnx');
      writeModelFile(inner, model);
      try {
        readModelFile(inner);
      } catch (error) {
        return (error as Error).message;
      }
      throw new Error(`it read ${location}`);
    };
    for (const location of [
      '../secret',
      join(folder, 'secret'),
      'a/../../secret',
      '..\\secret',
      'C:\\secret',
      '',
    ]) {
      expect(refusalOf(location)).toContain("only a file in the model's folder");
    }
    expect(refusalOf('link')).toContain("a link that leads out of the model's folder");
  });
});
