import { isJsonObject } from '../../base/json-object.js';
/** One golden text and the reference's result for it. */
export interface ParityItem {
  /** May contain lone surrogates, which JSON allows. */
  readonly text: string;
  /** The kind of text, e.g. `emoji`. */
  readonly group: string;
  /** From Python's `tokenizers`, special tokens included. */
  readonly ids: readonly number[];
  readonly truncated: boolean;
  readonly label: string;
  /** One per label, in the order of the manifest. */
  readonly scores: readonly number[];
  /** PyTorch's scores, for information, when `scores` were computed by the version's own model file. */
  readonly pytorch_scores?: readonly number[];
}

/** parity.json of a version. */
export interface ParityFile {
  readonly schema_version: 1;
  /** Maximum difference of a score from the reference. */
  readonly tolerance: number;
  readonly items: readonly ParityItem[];
}

const isString = (value: unknown): boolean => typeof value === 'string';
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isNumbers = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((entry) => Number.isFinite(entry));
const isIds = (value: unknown): boolean =>
  isNumbers(value) && (value as number[]).every((id) => Number.isInteger(id) && id >= 0);

const FIELDS: readonly (readonly [keyof ParityItem, (value: unknown) => boolean, string])[] = [
  ['text', isString, 'a string'],
  ['group', isString, 'a string'],
  ['ids', isIds, 'a list of token ids'],
  ['truncated', isBoolean, 'true or false'],
  ['label', isString, 'a string'],
  ['scores', isNumbers, 'a list of numbers'],
  ['pytorch_scores', (value) => value === undefined || isNumbers(value), 'a list of numbers, or absent'],
];

/**
 * Reads parity.json. Texts are never part of a message.
 * @throws Error that names the field and what it must be
 */
export function parseParity(contents: Uint8Array | string): ParityFile {
  const json = typeof contents === 'string' ? contents : new TextDecoder().decode(contents);
  let file: unknown;
  try {
    file = JSON.parse(json);
  } catch {
    throw new Error('parity.json is not JSON');
  }
  if (!isJsonObject(file)) throw new Error('parity.json must hold a JSON object');
  if (file.schema_version !== 1) {
    throw new Error(`parity.json: schema_version is ${JSON.stringify(file.schema_version)}, but must be 1`);
  }
  if (typeof file.tolerance !== 'number' || !(file.tolerance > 0)) {
    throw new Error('parity.json: tolerance must be a number above 0');
  }
  if (!Array.isArray(file.items) || file.items.length === 0) {
    throw new Error('parity.json: items must be a list with at least one text');
  }
  for (const [i, item] of (file.items as unknown[]).entries()) {
    if (!isJsonObject(item)) throw new Error(`parity.json: items.${i} must be an object`);
    for (const [field, isValid, wanted] of FIELDS) {
      if (!isValid(item[field])) throw new Error(`parity.json: items.${i}.${field} must be ${wanted}`);
    }
  }
  return file as unknown as ParityFile;
}

/**
 * At most `n` items spread over all groups, the same ones each time: the groups in turn, and evenly spaced items
 * within each group, its first included.
 */
export function selectGoldenItems(parity: ParityFile, n: number): ParityItem[] {
  const byName = new Map<string, ParityItem[]>();
  for (const item of parity.items) {
    const group = byName.get(item.group);
    if (group === undefined) byName.set(item.group, [item]);
    else group.push(item);
  }
  const groups = [...byName.values()];
  const share = new Array<number>(groups.length).fill(0);
  for (let left = Math.min(n, parity.items.length); left > 0;) {
    for (const [i, group] of groups.entries()) {
      if (left === 0) break;
      const taken = share[i] ?? 0;
      if (taken === group.length) continue;
      share[i] = taken + 1;
      left--;
    }
  }
  return groups.flatMap((group, i) => {
    const count = share[i] ?? 0;
    return Array.from({ length: count }, (_, k) => group[Math.floor((k * group.length) / count)]).filter(
      (item) => item !== undefined,
    );
  });
}
