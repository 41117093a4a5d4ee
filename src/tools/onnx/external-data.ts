import { closeSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import {
  TensorProto_DataLocation,
  type ModelProto,
  type TensorProto,
  type GraphProto,
  type NodeProto,
} from './generated/onnx_pb.js';
import { OnnxError } from './onnx-error.js';

/** Where the data of one tensor lie. */
interface Place {
  readonly location: string;
  readonly offset: number;
  /** Null: up to the end of the file. */
  readonly length: number | null;
}

const wholeNumber = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;

function placeOf(tensor: TensorProto): Place {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get('location');
  const offset = wholeNumber(entries.get('offset') ?? '0');
  const length = wholeNumber(entries.get('length'));
  const lengthIsBad = entries.has('length') && length === null;
  if (location === undefined || offset === null || lengthIsBad) {
    throw new OnnxError(
      `The tensor ${tensor.name} lies in a file of its own, but its location, offset or length is not readable.`,
    );
  }
  return { location, offset, length };
}

/**
 * The path of a file with external data. A model may come from anywhere, so what it names must lie in its own folder,
 * by name and after every symbolic link.
 * @throws OnnxError when it would be read from elsewhere, or is missing
 */
function pathOf(folder: string, location: string, tensor: string): string {
  const isPlain = location !== '' && !isAbsolute(location) && !/^[A-Za-z]:|\\|\0/.test(location);
  if (!isPlain || location.split('/').includes('..')) {
    throw new OnnxError(
      `The tensor ${tensor} wants its data from ${JSON.stringify(location)}: only a file in the model's folder, by its name, is read.`,
    );
  }
  let real: string;
  try {
    real = realpathSync(join(folder, location));
  } catch (error) {
    throw new OnnxError(
      `The weights of the model lie in ${location} beside it, which is missing: copy it into ${folder} as well.`,
      { cause: error },
    );
  }
  const inside = relative(realpathSync(folder), real);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw new OnnxError(
      `The tensor ${tensor} wants its data from ${location}, a link that leads out of the model's folder.`,
    );
  }
  return real;
}

function read(file: number, { offset, length }: Place, tensor: string, location: string): Uint8Array {
  const { size } = fstatSync(file);
  const bytes = length ?? size - offset;
  if (bytes < 0 || offset + bytes > size) {
    throw new OnnxError(
      `${location} has ${size} bytes, but the tensor ${tensor} is said to end at ${offset + bytes}: the file is cut off, or of another model.`,
    );
  }
  const data = new Uint8Array(bytes);
  for (let done = 0; done < bytes;) {
    const got = readSync(file, data, done, bytes - done, offset + done);
    if (got === 0) throw new OnnxError(`${location} became shorter while it was read.`);
    done += got;
  }
  return data;
}

/**
 * Reads what the tensors of a model (those of nested graphs too) keep in other files into the model itself.
 * @param folder the folder that the model lies in
 * @returns the files, by their location relative to the folder
 * @throws OnnxError when one is missing, too short, or not in the folder
 */
export function loadExternalData(model: ModelProto, folder: string): string[] {
  const files = new Map<string, number>();
  try {
    for (const tensor of tensorsOf(model)) {
      if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) continue;
      const place = placeOf(tensor);
      const { location } = place;
      let file = files.get(location);
      if (file === undefined) {
        file = openSync(pathOf(resolve(folder), location, tensor.name), 'r');
        files.set(location, file);
      }
      tensor.rawData = read(file, place, tensor.name, location);
      tensor.externalData = [];
      tensor.dataLocation = TensorProto_DataLocation.DEFAULT;
    }
    return [...files.keys()];
  } finally {
    for (const file of files.values()) closeSync(file);
  }
}

/** Every tensor that a model stores: initializers and attributes, of nested graphs and functions too. */
function* tensorsOf(model: ModelProto): Generator<TensorProto, void, undefined> {
  if (model.graph) yield* tensorsOfGraph(model.graph);
  for (const { node } of model.functions) yield* tensorsOfNodes(node);
}

function* tensorsOfGraph(graph: GraphProto): Generator<TensorProto, void, undefined> {
  yield* graph.initializer;
  for (const { values, indices } of graph.sparseInitializer) {
    if (values) yield values;
    if (indices) yield indices;
  }
  yield* tensorsOfNodes(graph.node);
}

function* tensorsOfNodes(nodes: readonly NodeProto[]): Generator<TensorProto, void, undefined> {
  for (const { attribute } of nodes) {
    for (const { t, tensors, g, graphs } of attribute) {
      if (t) yield t;
      yield* tensors;
      if (g) yield* tensorsOfGraph(g);
      for (const graph of graphs) yield* tensorsOfGraph(graph);
    }
  }
}
