import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readReason } from '../../base/files/write-error.js';
import { StartError } from '../../base/errors/start-error.js';
import { pathOfModel } from './find-model.js';

/** The files of a folder that transformers or Optimum wrote. */
export interface ExportFolder {
  readonly folder: string;
  readonly modelPath: string;
  readonly tokenizerJson: Buffer;
  readonly tokenizerConfigJson: Buffer;
  readonly configJson: Buffer;
}

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
          : `${join(folder, name)} cannot be read: ${readReason(error)}.`,
      );
    }
  };
  return {
    folder,
    modelPath: pathOfModel(folder, onnx),
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
