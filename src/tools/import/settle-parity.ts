import { runtimeVersions } from '../../base/machine/run-facts.js';
import { compareWithPython, type AnsweredText } from './compare-parity.js';
import type { GoldenText } from './golden-texts.js';
import { DEFAULT_TOLERANCE, type PythonParity } from './python-parity.js';
import { rounded } from '../../base/format.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { topLabel } from '../../engine/tasks/classified.js';
import type { ParityFile, ParityItem } from '../../engine/tokenization/parity.js';

/** Golden texts, and how they came out on this machine. */
export interface SettledParity {
  /** `python`: they were compared with Python's; `here`: they are this version's own answers. */
  readonly source: 'python' | 'here';
  /** parity.json. */
  readonly json: string;
  /** Where the golden texts come from, for CARD.md. */
  readonly sentence: string;
  readonly texts: number;
  readonly maxScoreDifference: number;
  readonly labelFlips: number;
}

/**
 * The golden texts of a version: Python's, if there are any and this version agrees, else its own answers, which show
 * later that something has changed, and not that it agrees with Python.
 * @throws StartError when it does not agree
 */
export function settleParity(
  python: PythonParity | null,
  texts: readonly GoldenText[],
  answered: readonly AnsweredText[],
  version: ModelVersion,
): SettledParity {
  const { labels } = version.manifest;
  if (python === null) {
    const items = texts.map((golden, i) => ownItem(golden, answered[i], labels));
    const { onnxruntime, serin } = runtimeVersions();
    const reference = `Serin ${serin} with ONNX Runtime ${onnxruntime}, at import`;
    return {
      source: 'here',
      json: renderParity({ schema_version: 1, tolerance: DEFAULT_TOLERANCE, items }, reference),
      sentence: `The ${items.length} golden texts of parity.json were computed by this version at import: they show when it changes, not that it agrees with Python.`,
      texts: items.length,
      maxScoreDifference: 0,
      labelFlips: 0,
    };
  }
  const { items, maxScoreDifference, labelFlips } = compareWithPython(python, answered, version);
  return {
    source: 'python',
    json: renderParity({ schema_version: 1, tolerance: python.tolerance, items }, python.reference),
    sentence: `The ${items.length} golden texts of parity.json were computed in Python (${python.reference}): ids are the same here, scores differ by at most ${maxScoreDifference.toPrecision(3)}, ${labelFlips} labels differ.`,
    texts: items.length,
    maxScoreDifference,
    labelFlips,
  };
}

/** As parity.json of the shipped versions has them. */
const stored = (score: number): number => rounded(score, 6);

/** A golden text as the version answers it. */
function ownItem(
  { text, group }: GoldenText,
  answer: AnsweredText | undefined,
  labels: readonly string[],
): ParityItem {
  const { ids = [], truncated = false } = answer?.encoding ?? {};
  const scores = answer?.row.value.scores ?? [];
  return {
    text,
    group,
    ids,
    truncated,
    label: labels[topLabel({ scores })] ?? '',
    scores: scores.map(stored),
  };
}

/** parity.json, with one item per line. */
function renderParity({ schema_version, tolerance, items }: ParityFile, reference: string): string {
  const head = JSON.stringify({ schema_version, reference, tolerance }).slice(0, -1);
  return `${head},"items":[\n${items.map((item) => JSON.stringify(item)).join(',\n')}\n]}\n`;
}
