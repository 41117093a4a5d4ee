import { create } from '@bufbuild/protobuf';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType as DataType,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '../../src/onnx/generated/onnx_pb.js';

/** An input or output of a graph; a dimension by name may have any size. */
export function valueInfo(
  name: string,
  elemType: DataType,
  dims: readonly (string | number)[],
): ValueInfoProto {
  const shape = create(TensorShapeProtoSchema, {
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
    value: { case: 'tensorType', value: create(TypeProto_TensorSchema, { elemType, shape }) },
  });
  return create(ValueInfoProtoSchema, { name, type });
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
