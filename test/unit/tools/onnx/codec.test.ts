import { readFileSync } from 'node:fs';
import { create, equals, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeModel } from '../../../../src/tools/onnx/decode.js';
import { encodeModel } from '../../../../src/tools/onnx/encode.js';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
} from '../../../../src/tools/onnx/generated/onnx_pb.js';
import { ROOT } from '../../../support/repository.js';

const whole = (chunks: readonly Uint8Array[]): Buffer => Buffer.concat(chunks);

const text = fc.string({ maxLength: 12, unit: 'grapheme' });
/** Large enough, now and then, for a chunk of its own. */
const bytes = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.constantFrom(1, 1, 400))
  .map(([pattern, times]) =>
    Uint8Array.from({ length: pattern.length * times }, (_, i) => pattern[i % pattern.length] ?? 0),
  );
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const float = fc.float({ noNaN: true });

const tensor = fc
  .record({
    name: text,
    dims: fc.array(int64, { maxLength: 3 }),
    dataType: fc.constantFrom(DataType.FLOAT, DataType.INT8, DataType.FLOAT16),
    rawData: fc.option(bytes, { nil: new Uint8Array() }),
    floatData: fc.array(float, { maxLength: 3 }),
    int64Data: fc.array(int64, { maxLength: 3 }),
    docString: text,
  })
  .map((fields) => create(TensorProtoSchema, fields));

const attribute = fc
  .record({
    name: text,
    type: fc.constantFrom(AttributeType.INT, AttributeType.FLOATS, AttributeType.TENSOR, AttributeType.GRAPH),
    i: int64,
    f: float,
    s: fc.uint8Array({ maxLength: 5 }),
    ints: fc.array(int64, { maxLength: 3 }),
    floats: fc.array(float, { maxLength: 3 }),
    t: tensor,
  })
  .map((fields) =>
    create(AttributeProtoSchema, { ...fields, g: create(GraphProtoSchema, { initializer: [fields.t] }) }),
  );

const model = fc
  .record({
    irVersion: fc.bigInt({ min: 1n, max: 20n }),
    producerName: text,
    docString: text,
    initializer: fc.array(tensor, { maxLength: 4 }),
    attributes: fc.array(attribute, { maxLength: 3 }),
    names: fc.array(text, { minLength: 1, maxLength: 3 }),
  })
  .map(({ initializer, attributes, names, ...fields }) =>
    create(ModelProtoSchema, {
      ...fields,
      graph: create(GraphProtoSchema, {
        initializer,
        docString: fields.docString,
        node: names.map((name) => create(NodeProtoSchema, { name, input: names, attribute: attributes })),
      }),
    }),
  );

describe('the ONNX codec', () => {
  it.each(['v1', 'v2'])('writes the shipped %s byte for byte as it was', (version) => {
    const file = readFileSync(`${ROOT}model-registry/sentiment/${version}/model.onnx`);
    const written = whole(encodeModel(decodeModel(file, 'model.onnx')));
    expect(written.equals(file)).toBe(true);
  });

  it('neither copies weights when it reads nor when it writes', () => {
    const weights = create(TensorProtoSchema, { name: 'w', rawData: new Uint8Array(100_000).fill(7) });
    const node = [create(NodeProtoSchema, { opType: 'Identity' })];
    const made = create(ModelProtoSchema, {
      irVersion: 9n,
      graph: create(GraphProtoSchema, { node, initializer: [weights] }),
    });
    expect(encodeModel(made)).toContain(weights.rawData);
    const file = whole(encodeModel(made));
    const read = decodeModel(file, 'model.onnx').graph?.initializer[0]?.rawData;
    expect(read?.buffer).toBe(file.buffer);
  });

  it('writes what the library writes, and reads what it wrote', () => {
    fc.assert(
      fc.property(model, (made) => {
        const written = whole(encodeModel(made));
        expect(written.equals(toBinary(ModelProtoSchema, made))).toBe(true);
        expect(equals(ModelProtoSchema, decodeModel(written, 'model.onnx'), made)).toBe(true);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('keeps fields that it does not know, in the model, the graph, a tensor and a node', () => {
    const unknown = (value: string): Uint8Array =>
      new BinaryWriter().tag(900, WireType.LengthDelimited).string(value).finish();
    const field = (number: number, content: Uint8Array): Uint8Array =>
      new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(content).finish();
    const rawData = field(9, new Uint8Array(10_000).fill(3));
    const tensorBytes = Buffer.concat([rawData, unknown('of the tensor')]);
    const nodeBytes = Buffer.concat([field(4, Buffer.from('Identity')), unknown('of the node')]);
    const graph = Buffer.concat([field(1, nodeBytes), field(5, tensorBytes), unknown('of the graph')]);
    const irVersion = new BinaryWriter().tag(1, WireType.Varint).int64(9).finish();
    const file = Buffer.concat([irVersion, field(7, graph), unknown('of the model')]);
    expect(whole(encodeModel(decodeModel(file, 'model.onnx'))).equals(file)).toBe(true);
  });
});
