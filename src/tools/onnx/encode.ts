import { toBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { copyFields } from './copy-fields.js';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  TensorProtoSchema,
  type GraphProto,
  type ModelProto,
  type TensorProto,
} from './generated/onnx_pb.js';

/** Protobuf's limit for one message. A model above it keeps its weights in a file of their own. */
export const MAX_MODEL_BYTES = 2 ** 31 - 1;

/** Below this a copy costs less than a chunk of its own. */
const OWN_CHUNK_BYTES = 4096;

export const totalBytes = (chunks: readonly Uint8Array[]): number =>
  chunks.reduce((sum, chunk) => sum + chunk.length, 0);

/**
 * The encoding of a model as chunks that are to be written one after the other. Large weights are chunks themselves,
 * views of what the model holds: the library's own writer would copy a model of several hundred megabytes twice.
 * Fields come in the order of their numbers, as every protobuf library writes them.
 * @throws RangeError when the whole is larger than {@link MAX_MODEL_BYTES}
 */
export function encodeModel(model: ModelProto): Uint8Array[] {
  const { graph } = model;
  if (graph === undefined) return [toBinary(ModelProtoSchema, model)];
  const nested = delimited(ModelProtoSchema.field.graph.number, encodeGraph(graph));
  const chunks = around(ModelProtoSchema, model, ModelProtoSchema.field.graph.number, nested);
  const bytes = totalBytes(chunks);
  if (bytes > MAX_MODEL_BYTES)
    throw new RangeError(`the model takes ${bytes} bytes: ONNX files end at 2 GiB`);
  return chunks;
}

function encodeGraph(graph: GraphProto): Uint8Array[] {
  const { number } = GraphProtoSchema.field.initializer;
  const tensors = graph.initializer.flatMap((tensor) => delimited(number, encodeTensor(tensor)));
  return around(GraphProtoSchema, graph, number, tensors);
}

function encodeTensor(tensor: TensorProto): Uint8Array[] {
  if (tensor.rawData.length < OWN_CHUNK_BYTES) return [toBinary(TensorProtoSchema, tensor)];
  const { number } = TensorProtoSchema.field.rawData;
  return around(TensorProtoSchema, tensor, number, delimited(number, [tensor.rawData]));
}

function delimited(fieldNumber: number, chunks: readonly Uint8Array[]): Uint8Array[] {
  const head = new BinaryWriter().tag(fieldNumber, WireType.LengthDelimited).uint32(totalBytes(chunks));
  return [head.finish(), ...chunks];
}

/** A message with `middle` as the encoding of one of its fields. */
function around<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
  fieldNumber: number,
  middle: readonly Uint8Array[],
): Uint8Array[] {
  const before = copyFields(schema, message, (number) => number < fieldNumber);
  const after = copyFields(schema, message, (number) => number > fieldNumber);
  if (message.$unknown) after.$unknown = message.$unknown;
  return [toBinary(schema, before), ...middle, toBinary(schema, after)].filter(({ length }) => length > 0);
}
