import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTraffic, inputName } from './traffic-file.js';
import type { SerinConfig } from '../../base/config/serin-config.js';
import { configuredStable } from '../../registry/find-version.js';
import { StartError } from '../../base/errors/start-error.js';
import { parseParity, type ParityFile } from '../../engine/tokenization/parity.js';

/**
 * The group of parity.json that holds natural sentences; the others hold texts that are hard for tokenizers.
 */
const DEV_GROUP = 'dev';

const devTexts = ({ items }: ParityFile): string[] =>
  items.filter(({ group }) => group === DEV_GROUP).map(({ text }) => text);

/** Whether the golden texts of a version hold any, by the content of parity.json. */
export const hasDevSentences = (json: string): boolean => devTexts(parseParity(json)).length > 0;

/**
 * The dev sentences that a version ships with.
 * @param folder of the version
 * @param flag that takes a file of texts instead, such as `--traffic FILE`
 * @throws StartError when it has none
 */
export function devSentences(folder: string, flag: string): string[] {
  const path = join(folder, 'parity.json');
  let sentences;
  try {
    sentences = devTexts(parseParity(readFileSync(path)));
  } catch (error) {
    throw new StartError(
      `No sentences to make texts of: ${(error as Error).message}; name a file of your own with ${flag}.`,
    );
  }
  if (sentences.length > 0) return sentences;
  throw new StartError(
    `${path} has no texts of the group "${DEV_GROUP}"; name a file of your own with ${flag}.`,
  );
}

/**
 * The dev sentences of a model's stable version, as the configuration names it.
 * @param model the default model unless it is said
 * @throws as {@link devSentences}
 */
export function stableSentences(config: SerinConfig, flag: string, model = config.defaultModel): string[] {
  return devSentences(join(config.modelRegistry, model, configuredStable(config, model) ?? ''), flag);
}

/**
 * The texts of a JSONL file that are not blank.
 * @throws StartError when a line has no text, or the file none at all
 */
export async function sentencesOf(path: string, field: string, signal: AbortSignal): Promise<string[]> {
  const sentences: string[] = [];
  for await (const found of readTraffic(path, field, signal)) {
    if (!('text' in found)) throw new StartError(`${inputName(path)} line ${found.line}: ${found.problem}.`);
    if (found.text.trim() !== '') sentences.push(found.text);
  }
  if (sentences.length === 0) throw new StartError(`${inputName(path)} has no text.`);
  return sentences;
}
