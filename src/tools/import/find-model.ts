import { existsSync, readdirSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { StartError } from '../../base/errors/start-error.js';

/** Where exporters put the graph, in the order in which they are looked at. */
const MODEL_PLACES = ['model.onnx', 'onnx/model.onnx'];

/** What makes an ONNX file with dynamic axes of a checkpoint. */
export const exportCommand = (model = 'MODEL'): string =>
  `optimum-cli export onnx --model ${model} --task text-classification OUT`;

/**
 * The graph of an export.
 * @param onnx its place in the folder, where it is not one of the usual
 * @throws StartError when there is none, or several
 */
export function pathOfModel(folder: string, onnx: string | undefined): string {
  return onnx === undefined ? findModel(folder) : namedModel(folder, onnx);
}

function namedModel(folder: string, onnx: string): string {
  const path = resolve(folder, onnx);
  if (relative(folder, path).split(sep)[0] === '..') {
    throw new StartError(`--onnx names a file inside ${folder}, and ${onnx} is none.`);
  }
  return path;
}

function findModel(folder: string): string {
  const usual = MODEL_PLACES.map((place) => join(folder, place)).find((path) => existsSync(path));
  if (usual !== undefined) return usual;
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const graphs = found.filter((name) => name.endsWith('.onnx'));
  const [only] = graphs;
  if (only !== undefined && graphs.length === 1) return join(folder, only);
  if (graphs.length > 1) {
    throw new StartError(
      `${folder} has ${graphs.length} ONNX files: say which with --onnx ${graphs.join(' or ')}.`,
    );
  }
  const weights = found.find((name) => /\.(safetensors|bin|pt|pth|h5|msgpack)$/.test(name));
  const why = weights === undefined ? 'no ONNX file' : `no ONNX file, only ${weights}`;
  throw new StartError(`${folder} has ${why}: export the model with "${exportCommand(folder)}".`);
}
