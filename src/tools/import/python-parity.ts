import { readFileSync } from 'node:fs';
import { readReason } from '../../base/files/write-error.js';
import { StartError } from '../../base/errors/start-error.js';
import { parseJsonObject } from './json-object.js';

/** A golden text with the result of Python. */
export interface PythonItem {
  readonly text: string;
  readonly group: string;
  readonly ids: readonly number[];
  /** One per label. */
  readonly scores: readonly number[];
}

export interface PythonParity {
  readonly tolerance: number;
  readonly reference: string;
  readonly items: readonly PythonItem[];
}

/** As the shipped versions have it. */
export const DEFAULT_TOLERANCE = 0.001;

/** More would hide a wrong model. */
const LARGEST_TOLERANCE = 0.05;

const FORM = '{"items": [{"text", "ids", "scores"}, …]}, as docs/models.md shows';

/**
 * Reads the results of a script that uses transformers: `--parity FILE`.
 * @param labels of the version; one score for two labels is that of the second
 * @throws StartError that names the item and what it must be; texts are not shown
 */
export function readPythonParity(path: string, labels: number): PythonParity {
  const refuse = (problem: string): never => {
    throw new StartError(`${path} ${problem}.`);
  };
  let contents: Buffer;
  try {
    contents = readFileSync(path);
  } catch (error) {
    return refuse(`cannot be read: ${readReason(error)}`);
  }
  const { items, tolerance = DEFAULT_TOLERANCE, reference } = parseJsonObject(path, contents, FORM);
  if (typeof tolerance !== 'number' || !(tolerance > 0 && tolerance <= LARGEST_TOLERANCE)) {
    return refuse(`has a tolerance that is not above 0 and at most ${LARGEST_TOLERANCE}`);
  }
  if (!Array.isArray(items) || items.length === 0) return refuse(`has no items: it must be ${FORM}`);
  const read = (items as unknown[]).map((item, i): PythonItem => {
    const { text, ids, scores, group = 'python' } = Object(item) as Record<string, unknown>;
    if (typeof text !== 'string' || !isNumbers(ids) || !isNumbers(scores) || typeof group !== 'string') {
      return refuse(`is not as wanted: items.${i} must be one of ${FORM}`);
    }
    const [only = 0] = scores;
    const all = scores.length === 1 && labels === 2 ? [1 - only, only] : scores;
    if (all.length !== labels) {
      return refuse(
        `is not as wanted: items.${i} has ${scores.length} scores, but the version has ${labels} labels`,
      );
    }
    return { text, group, ids, scores: all };
  });
  const name = typeof reference === 'string' ? reference : 'transformers';
  return { tolerance, reference: name, items: read };
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((entry) => Number.isFinite(entry));
