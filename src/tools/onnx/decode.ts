import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type ModelProto } from './generated/onnx_pb.js';
import { OnnxError } from './onnx-error.js';
import { whatElse } from './sniff.js';

/**
 * Reads a model. The raw data of its tensors are views of `bytes`, not copies; fields that this release does not know
 * are kept and written again.
 * @param name what a message calls the file
 * @throws OnnxError with a sentence that says what it is instead, or that it is cut off
 */
export function decodeModel(bytes: Uint8Array, name: string): ModelProto {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    const why = whatElse(bytes) ?? 'it is cut off, or another kind of file';
    throw new OnnxError(`${name} is not a readable ONNX model: ${why}.`, { cause: error });
  }
  const nodes = model.graph?.node.length ?? 0;
  if (nodes > 0 && model.irVersion > 0n) return model;
  const why = whatElse(bytes) ?? (model.graph ? 'its graph is empty' : 'it holds no graph, or is cut off');
  throw new OnnxError(`${name} is not a readable ONNX model: ${why}.`);
}
