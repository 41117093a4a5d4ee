import { create } from '@bufbuild/protobuf';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '../../src/tools/onnx/generated/onnx_pb.js';

/** An input or output of a graph; a dimension by name may have any size, and null leaves the shape open. */
export function valueInfo(
  name: string,
  elemType: DataType,
  dims: readonly (string | number)[] | null,
): ValueInfoProto {
  const shape =
    dims &&
    create(TensorShapeProtoSchema, {
      dim: dims.map((dim) =>
        create(TensorShapeProto_DimensionSchema, {
          value:
            typeof dim === 'string'
              ? { case: 'dimParam', value: dim }
              : { case: 'dimValue', value: BigInt(dim) },
        }),
      ),
    });
  const type = create(TypeProtoSchema, {
    value: {
      case: 'tensorType',
      value: create(TypeProto_TensorSchema, { elemType, ...(shape && { shape }) }),
    },
  });
  return create(ValueInfoProtoSchema, { name, type });
}

/** A tensor of binary16, rounded to the nearest below: exact enough for a test. */
export function halfTensor(name: string, dims: readonly number[], values: Float32Array): TensorProto {
  const halves = Uint16Array.from(values, (value) => {
    const bits = new Uint32Array(new Float32Array([value]).buffer)[0] ?? 0;
    const exponent = ((bits >>> 23) & 0xff) - 112;
    return ((bits >>> 16) & 0x8000) | (exponent <= 0 ? 0 : (exponent << 10) | ((bits >>> 13) & 0x3ff));
  });
  const rawData = new Uint8Array(halves.buffer);
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType: DataType.FLOAT16, rawData });
}

export interface SmallModel {
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
  readonly opset?: number;
}

/** A model that ONNX Runtime accepts. */
export function makeModel({ nodes, initializers, inputs, outputs, opset = 20 }: SmallModel): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 9n,
    producerName: 'test',
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(opset) })],
    graph: create(GraphProtoSchema, {
      name: 'graph',
      node: [...nodes],
      initializer: [...initializers],
      input: [...inputs],
      output: [...outputs],
    }),
  });
}
