import { StartError } from '../../base/errors/start-error.js';
import { cutBatches } from '../../engine/dispatch/batch-plan.js';
import type { VersionRunner } from '../measure/version-runner.js';
import { readVerified } from '../../registry/registry-files.js';
import { hasLabelOnRecord } from '../../engine/tasks/golden-set.js';
import { isSameSaid } from '../../engine/tasks/table.js';
import { parseParity } from '../../engine/tokenization/parity.js';
import { checkTokenizer } from '../../engine/tokenization/tokenization-check.js';
import { scoreChange } from '../measure/batch-variance.js';
import { runGroups } from '../measure/run-groups.js';

/** The golden vectors of a version against this machine. */
export interface ParityFigures {
  readonly texts: number;
  /** Texts whose token ids are others. */
  readonly tokenized_differently: number;
  /** Texts that get other labels, or no answer. */
  readonly label_flips: number;
  readonly max_score_difference: number;
  /** Most that a score may differ. */
  readonly tolerance: number;
}

/**
 * Runs every golden text, in the batches that `serin batch` would form, and compares ids, labels and scores.
 * @returns null for a version without parity.json
 * @throws StartError when parity.json cannot be used
 */
export async function measureParity(runner: VersionRunner): Promise<ParityFigures | null> {
  const { version } = runner;
  const { files, batching } = version.manifest;
  if (!Object.hasOwn(files, 'parity.json')) return null;
  const { items, tolerance } = await readVerified(version, 'parity.json')
    .then(parseParity)
    .catch((error: unknown) => {
      throw new StartError(`${version.model}/${version.version}: ${(error as Error).message}`);
    });
  const encodings = items.map(({ text }) => runner.encode(text));
  const lengthOf = (index: number): number => encodings[index]?.ids.length ?? 0;
  const order = [...encodings.keys()].sort((a, b) => lengthOf(a) - lengthOf(b));
  const limits = { maxPaddedTokens: batching.max_padded_tokens, runsAlone: batching.runs_alone };
  const ends = cutBatches(order.map(lengthOf), limits);
  const groups = ends.map((end, i) => order.slice(i === 0 ? 0 : ends[i - 1], end));
  const rows = (await runGroups(runner, encodings, groups)).flat();
  let [flips, difference] = [0, 0];
  order.forEach((index, i) => {
    const [item, row] = [items[index], rows[i] ?? null];
    if (item === undefined) return;
    const isRight = row !== null && isSameSaid(version, row.value, item) && hasLabelOnRecord(version, item);
    if (!isRight) flips++;
    if (row !== null) difference = Math.max(difference, scoreChange(item.scores, row.value.scores));
  });
  return {
    texts: items.length,
    tokenized_differently: checkTokenizer(runner, items).mismatches,
    label_flips: flips,
    max_score_difference: difference,
    tolerance,
  };
}
