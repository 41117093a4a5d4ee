import { closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { shallowCopy } from './copy-fields.js';
import { decodeModel } from './decode.js';
import { encodeModel, MAX_MODEL_BYTES } from './encode.js';
import { loadExternalData } from './external-data.js';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProtoSchema,
  type ModelProto,
  type TensorProto,
} from './generated/onnx_pb.js';
import { readReason } from '../../base/files/write-error.js';
import { OnnxError } from './onnx-error.js';

/** A smaller tensor stays in the model: a shape or a scale is looked at before the weights are. */
const EXTERNAL_FROM_BYTES = 1024;

/** Where tensors begin in a file of weights, so that a runtime can map it instead of reading it. */
const ALIGNMENT_BYTES = 4096;

export interface ModelFile {
  readonly model: ModelProto;
  /** Files beside the model that its weights were read from; relative to its folder. */
  readonly externalFiles: readonly string[];
}

/** `auto`: only a model that is too large for one file. */
export type ExternalData = 'auto' | 'always';

/**
 * Reads a model with all its weights, those that lie in files beside it included.
 * @throws OnnxError with a sentence when the file is missing, not ONNX, cut off, or wants data from elsewhere
 */
export function readModelFile(path: string): ModelFile {
  const model = decodeModel(readWhole(path), path);
  return { model, externalFiles: loadExternalData(model, dirname(path)) };
}

function readWhole(path: string): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size > MAX_MODEL_BYTES) {
      throw new OnnxError(
        `${path} has ${size} bytes, and a single ONNX file ends at 2 GiB: export it with external data.`,
      );
    }
    return readFileSync(path);
  } catch (error) {
    if (error instanceof OnnxError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const sentence =
      code === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read: ${readReason(error)}.`;
    throw new OnnxError(sentence, { cause: error });
  }
}

/**
 * Writes a model and sees it onto the disk; weights go to `<name>.data` beside it when asked, or when it would be
 * larger than 2 GiB. The model itself is not changed.
 * @returns the names of the files that were written, that of the model first
 */
export function writeModelFile(
  path: string,
  model: ModelProto,
  externalData: ExternalData = 'auto',
): string[] {
  const rawBytes = model.graph?.initializer.reduce((sum, { rawData }) => sum + rawData.length, 0) ?? 0;
  // The parts of the model other than weights also count towards the 2 GiB.
  const isTooLarge = rawBytes > MAX_MODEL_BYTES - 64 * 2 ** 20;
  if (externalData === 'auto' && !isTooLarge) {
    writeChunks(path, encodeModel(model));
    return [basename(path)];
  }
  const dataName = `${basename(path)}.data`;
  const { light, chunks } = withExternalData(model, dataName);
  writeChunks(join(dirname(path), dataName), chunks);
  writeChunks(path, encodeModel(light));
  return [basename(path), dataName];
}

/** The model with its large initializers in another file, and the content of that file. */
function withExternalData(model: ModelProto, location: string): { light: ModelProto; chunks: Uint8Array[] } {
  const chunks: Uint8Array[] = [];
  let offset = 0;
  const moved = (tensor: TensorProto): TensorProto => {
    if (tensor.rawData.length < EXTERNAL_FROM_BYTES) return tensor;
    const padding = (ALIGNMENT_BYTES - (offset % ALIGNMENT_BYTES)) % ALIGNMENT_BYTES;
    chunks.push(new Uint8Array(padding), tensor.rawData);
    offset += padding;
    const copy = shallowCopy(TensorProtoSchema, tensor, TensorProtoSchema.field.rawData.number);
    copy.dataLocation = TensorProto_DataLocation.EXTERNAL;
    copy.externalData = Object.entries({ location, offset, length: tensor.rawData.length }).map(
      ([key, value]) => create(StringStringEntryProtoSchema, { key, value: String(value) }),
    );
    offset += tensor.rawData.length;
    return copy;
  };
  const light = shallowCopy(ModelProtoSchema, model);
  if (model.graph) {
    light.graph = shallowCopy(GraphProtoSchema, model.graph);
    light.graph.initializer = model.graph.initializer.map(moved);
  }
  return { light, chunks };
}

function writeChunks(path: string, chunks: readonly Uint8Array[]): void {
  const file = openSync(path, 'w');
  try {
    for (const chunk of chunks) {
      for (let done = 0; done < chunk.length;) done += writeSync(file, chunk, done, chunk.length - done);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
