import { isJsonObject } from '../../base/json-object.js';
import { noEvidence, type Evidence } from './counts.js';
import { mergeEvidence } from './merge.js';

/** Objects with one count per bucket, label or kind of flip, and the keys that each may have. */
const OPEN: readonly { readonly path: RegExp; readonly key: RegExp }[] = [
  { path: /\.(labels|gained|lost|latencyMicros|runs(\.\d{1,2})?)$/, key: /^\d{1,6}$/ },
  { path: /\.flips$/, key: /^(\d{1,6}(\+\d{1,6})*)?>(\d{1,6}(\+\d{1,6})*)?$/ },
];
/** Figures that may be negative; all other numbers are counts. */
const SIGNED = /\.(scoreShiftMicro|kpi\.(sum|origin))$/;

/** Describes the first problem of a value; null when it is valid. */
function problemOf(value: unknown, shape: unknown, path: string): string | null {
  if (typeof value === 'number') {
    if (isJsonObject(shape)) return `${path}: allowed is an object, not a number`;
    const sound = Number.isFinite(value) && (value >= 0 || SIGNED.test(path));
    return sound ? null : `${path}: ${value} is not a count`;
  }
  if (!isJsonObject(value)) return `${path}: allowed are numbers and objects of numbers`;
  if (typeof shape === 'number') return `${path}: allowed is a number`;
  const open = OPEN.find((rule) => rule.path.test(path));
  for (const [key, part] of Object.entries(value)) {
    const known = isJsonObject(shape) && Object.hasOwn(shape, key);
    if (!known && !open?.key.test(key)) return `${path}.${key}: unknown`;
    const inner = known ? shape[key] : path.endsWith('.runs') ? {} : 0;
    const problem = problemOf(part, inner, `${path}.${key}`);
    if (problem !== null) return problem;
  }
  return null;
}

/**
 * Checks evidence that was read from a file or from Redis. A missing figure, as in a document of an older release,
 * counts as 0.
 * @throws Error naming the place, when the document is not evidence
 */
export function parseEvidence(document: unknown): Evidence {
  const problem = problemOf(document, noEvidence(), 'evidence');
  if (problem !== null) throw new Error(problem);
  return mergeEvidence(noEvidence(), document as Evidence);
}
