import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { StartError } from '../errors/start-error.js';

/** What lies in a folder that transformers or Optimum wrote. */
export interface ExportFolder {
  readonly folder: string;
  readonly modelPath: string;
  readonly tokenizerJson: Buffer;
  readonly tokenizerConfigJson: Buffer;
  readonly configJson: Buffer;
}

/** Where exporters put the graph, in the order in which they are looked at. */
const MODEL_PLACES = ['model.onnx', 'onnx/model.onnx'];

/** What makes an ONNX file with dynamic axes of a checkpoint. */
export const exportCommand = (model = 'MODEL'): string =>
  `optimum-cli export onnx --model ${model} --task text-classification OUT`;

const SAVE_TOKENIZER = 'save it with AutoTokenizer.from_pretrained(MODEL).save_pretrained(FOLDER)';

/**
 * Finds and reads the files of an export; the graph itself is not read yet.
 * @param onnx the graph's place in the folder, where it is not one of the usual
 * @throws StartError that says which file is missing and what makes it
 */
export function readExportFolder(path: string, onnx?: string): ExportFolder {
  const folder = resolve(path);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new StartError(`There is no folder ${folder}: name the one that the export was written to.`);
  }
  const read = (name: string, remedy: string): Buffer => {
    try {
      return readFileSync(join(folder, name));
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      throw new StartError(
        isMissing
          ? `${folder} has no ${name}: ${remedy}.`
          : `${join(folder, name)} cannot be read: ${(error as Error).message}.`,
      );
    }
  };
  return {
    folder,
    modelPath: onnx === undefined ? findModel(folder) : namedModel(folder, onnx),
    tokenizerJson: read('tokenizer.json', slowTokenizer(folder) ?? SAVE_TOKENIZER),
    tokenizerConfigJson: read('tokenizer_config.json', SAVE_TOKENIZER),
    configJson: read('config.json', 'copy the config.json of the model that was exported into it'),
  };
}

function slowTokenizer(folder: string): string | undefined {
  const old = ['vocab.txt', 'vocab.json', 'spiece.model', 'sentencepiece.bpe.model'].find((name) =>
    existsSync(join(folder, name)),
  );
  return old === undefined
    ? undefined
    : `it has the older ${old} only; the fast tokenizer is one file, ${SAVE_TOKENIZER}`;
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
