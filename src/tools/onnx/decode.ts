import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type ModelProto } from './generated/onnx_pb.js';
import { OnnxError } from './onnx-error.js';

const startsWith = (bytes: Uint8Array, text: string, at = 0): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', at, at + text.length) ===
  text;

/** Files that are taken for ONNX models, and what to do about each. */
const OTHERS: readonly (readonly [is: (bytes: Uint8Array) => boolean, sentence: string])[] = [
  [(bytes) => bytes.length === 0, 'it is empty'],
  [
    (bytes) => startsWith(bytes, 'version https://git-lfs'),
    'it is a Git LFS pointer in place of the file: run "git lfs pull" where it comes from',
  ],
  [
    (bytes) => startsWith(bytes, 'PK\x03\x04') || startsWith(bytes, '\x80\x02'),
    'it is a PyTorch file or another archive: export the model to ONNX, e.g. with optimum-cli export onnx',
  ],
  [
    (bytes) => startsWith(bytes, '{"', 8),
    'it is a safetensors file: export the model to ONNX, e.g. with optimum-cli export onnx',
  ],
  [
    (bytes) => startsWith(bytes, 'ORTM', 4),
    "it is in ONNX Runtime's own format (.ort): give the .onnx file that it was made from",
  ],
  [(bytes) => startsWith(bytes, 'TFL3', 4), 'it is a TensorFlow Lite file: export the model to ONNX'],
  [(bytes) => startsWith(bytes, '<'), 'it is an HTML or XML page, perhaps the answer of a failed download'],
  [(bytes) => startsWith(bytes, '{') || startsWith(bytes, '['), 'it is a JSON file'],
];

/** What a file is instead of an ONNX model, by its first bytes; undefined when they do not tell. */
function whatElse(bytes: Uint8Array): string | undefined {
  return OTHERS.find(([is]) => is(bytes))?.[1];
}

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
