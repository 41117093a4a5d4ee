import { createHash } from 'node:crypto';
import { StartError } from '../../../base/errors/start-error.js';
import type { ModelVersion } from '../../../registry/model-version.js';
import { readVerified } from '../../../registry/registry-files.js';
import { textError } from '../../../engine/text.js';
import { isGzip } from '../../records/file-format.js';
import { InputSource } from '../../records/input-source.js';
import { linesOf, parseLine } from '../../records/json-lines.js';
import { isJsonObject } from '../../../base/json-object.js';

export const CALIBRATION_FILE = 'calibration.jsonl';

export interface CalibrationTexts {
  readonly texts: readonly string[];
  /** Of the whole uncompressed content, hex. */
  readonly sha256: string;
  /** True for those that ship with the version. */
  readonly isShipped: boolean;
}

/** If more than this share of the texts are golden texts, the file counts as evaluation data. */
const MOST_SHARED = 0.05;

/**
 * Texts like those of the traffic to come, none of which the version is measured on.
 * @param path a JSONL file (also .gz) with `text` in each line; null: the version's own calibration.jsonl
 * @param golden texts of its parity.json, among which are those of its evaluation set
 * @returns at most `limit` texts, evenly over the file; null when none are named and the version has none
 * @throws StartError with a sentence when they cannot be used
 */
export async function readCalibrationTexts(
  version: ModelVersion,
  path: string | null,
  limit: number,
  golden: readonly string[],
): Promise<CalibrationTexts | null> {
  if (path === null && !Object.hasOwn(version.manifest.files, CALIBRATION_FILE)) return null;
  const name = path ?? CALIBRATION_FILE;
  const content = await (path === null ? readShipped(version) : readContent(path));
  const all = parseTexts(name, content);
  const known = new Set(golden);
  const shared = all.filter((text) => known.has(text)).length;
  if (shared > MOST_SHARED * all.length) {
    throw new StartError(
      `${name} cannot be used: ${shared} of its ${all.length} texts are golden texts of ${version.model}/${version.version}, which it is measured on. Calibrate with texts like your traffic, none of them of an evaluation set.`,
    );
  }
  const texts = Array.from(
    { length: Math.min(limit, all.length) },
    (_, i, n = Math.min(limit, all.length)) => all[Math.floor((i * all.length) / n)] ?? '',
  );
  return { texts, sha256: createHash('sha256').update(content).digest('hex'), isShipped: path === null };
}

const readShipped = (version: ModelVersion): Promise<Buffer> =>
  readVerified(version, CALIBRATION_FILE).catch((error: unknown) => {
    throw new StartError(`The calibration texts cannot be read: ${(error as Error).message}.`);
  });

async function readContent(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await InputSource.open(path, isGzip(path))).read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function parseTexts(name: string, bytes: Buffer): string[] {
  const texts: string[] = [];
  for (const { line, text: json } of linesOf({ bytes, start: { offset: 0, line: 1 } })) {
    if (json?.trim() === '') continue;
    const refuse = (why: string): StartError =>
      new StartError(`${name} cannot be used to calibrate: line ${line} ${why}.`);
    if (json === null) throw refuse('is not UTF-8');
    const value = parseLine(json, line);
    if (value instanceof Error) {
      throw refuse('is not JSON; each line must be an object such as {"text": "..."}');
    }
    const text = isJsonObject(value) ? value.text : undefined;
    if (typeof text !== 'string' || textError(text, 'text') !== null) throw refuse('has no text');
    texts.push(text);
  }
  if (texts.length === 0) throw new StartError(`${name} cannot be used to calibrate: it holds no texts.`);
  return texts;
}
