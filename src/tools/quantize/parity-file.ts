import { rounded } from '../../base/format.js';
import { topLabel } from '../../engine/tasks/classified.js';
import type { Answer } from '../../engine/tasks/task.js';
import type { ParityFile } from '../../engine/tokenization/parity.js';

/** The fields of a parity.json other than its items. */
type Header = Readonly<Record<string, unknown>>;

export interface ParityChange {
  /** parity.json of the version that was quantised. */
  readonly parity: ParityFile;
  readonly sourceVersion: string;
  readonly version: string;
  readonly labels: readonly string[];
  /** The new version's answer for each item, run alone. */
  readonly rows: readonly Answer[];
  readonly onnxRuntime: string;
}

const stored = (score: number): number => rounded(score, 6);

/** Escapes to pure ASCII: an editor that normalises Unicode would change the text to tokenize. */
const ascii = (json: string): string =>
  json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/**
 * The text of a parity.json with the same texts and ids, and the new version's own scores. A later run on
 * another machine can check whether the version still gives the same answers. Scores from PyTorch are kept
 * beside them.
 */
export function parityWithScores({
  parity,
  sourceVersion,
  version,
  labels,
  rows,
  onnxRuntime,
}: ParityChange): string {
  const { items, ...header } = parity as ParityFile & Header;
  const reference = (header.reference as Header | undefined)?.[sourceVersion];
  const isFromPyTorch = typeof reference === 'string' && reference.startsWith('PyTorch');
  const lines = items.map(({ text, group, ids, truncated, scores, pytorch_scores: kept }, i) => {
    const own = (rows[i]?.value.scores ?? []).map(stored);
    const pytorch = kept ?? (isFromPyTorch ? scores : undefined);
    const label = labels[topLabel({ scores: own })];
    const item = { text, group, ids, truncated, label, scores: own };
    return ascii(JSON.stringify(pytorch === undefined ? item : { ...item, pytorch_scores: pytorch }));
  });
  const newHeader = {
    ...header,
    reference: { [version]: `onnxruntime ${onnxRuntime}, this version's model.onnx` },
  };
  return `${ascii(JSON.stringify(newHeader)).slice(0, -1)},"items":[\n${lines.join(',\n')}\n]}\n`;
}

/** Largest distance between scores as they were computed and as they stand in parity.json. */
export function largestRounding(rows: readonly Answer[]): number {
  return Math.max(
    0,
    ...rows.flatMap(({ value: { scores } }) => scores.map((score) => Math.abs(score - stored(score)))),
  );
}
