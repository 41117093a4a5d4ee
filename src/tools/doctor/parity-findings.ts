import type { SerinConfig } from '../../base/config/serin-config.js';
import { loadTokenizer } from '../../engine/tokenization/load-tokenizer.js';
import type { TextOutcome } from '../../engine/dispatch/batch-group.js';
import { VersionRunner } from '../measure/version-runner.js';
import { compareWithGolden } from '../../engine/tasks/golden-set.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { readVerified } from '../../registry/registry-files.js';
import { parseParity, selectGoldenItems, type ParityFile } from '../../engine/tokenization/parity.js';
import { checkTokenizer } from '../../engine/tokenization/tokenization-check.js';
import { fail, note, ok, warn, type Finding } from './finding.js';

/** Spread over every group of texts; a worker needs a fraction of a second for them. */
const SCORED_TEXTS = 48;

const nameOf = ({ model, version }: ModelVersion): string => `${model}/${version}`;

const ANEW = 'copy the version anew from where it was made';

/** Tokenizes every golden text of a version, here. */
export async function checkTokens(version: ModelVersion): Promise<Finding> {
  const name = nameOf(version);
  if (version.manifest.files['parity.json'] === undefined) {
    return note('parity', `${name} has no parity.json: nothing tells whether it says here what it should`);
  }
  try {
    const [tokenizer, parity] = await Promise.all([loadTokenizer(version), parityOf(version)]);
    const { texts, mismatches, firstMismatch } = checkTokenizer(tokenizer, parity.items);
    if (mismatches === 0) return ok('parity', `${name}: ${texts} golden texts have the tokens on record`);
    const found = `${name}: ${mismatches} of ${texts} golden texts have other tokens, the first of the group ${firstMismatch?.group ?? '?'}`;
    return fail(
      'parity',
      found,
      'the tokenizer is not the one that the model was trained with: import it anew',
    );
  } catch (error) {
    return fail('parity', `${name}: ${(error as Error).message}`, ANEW);
  }
}

/** Scores golden texts of a version in a worker process, as the service would. */
export async function checkScores(
  version: ModelVersion,
  config: SerinConfig,
  signal: AbortSignal,
): Promise<Finding> {
  const name = nameOf(version);
  let parity: ParityFile;
  let outcomes: readonly TextOutcome[];
  const losses: string[] = [];
  try {
    parity = await parityOf(version);
    parity = { ...parity, items: selectGoldenItems(parity, SCORED_TEXTS) };
    const settings = { ...config, workers: 1 };
    const runner = await VersionRunner.open(version, {
      settings,
      signal,
      say: (sentence) => losses.push(sentence),
    });
    try {
      outcomes = await runner.run(parity.items.map(({ text }) => text));
    } finally {
      await runner.close();
    }
  } catch (error) {
    if (signal.aborted) throw error;
    return fail('parity', `${name}: ${(error as Error).message}`, ANEW);
  }
  const { items, tolerance } = parity;
  const scored = items.flatMap((item, i) => {
    const outcome = outcomes[i];
    // The checks of a request refuse some golden texts, e.g. one of blanks alone.
    return outcome === undefined || 'code' in outcome ? [] : [{ item, row: outcome }];
  });
  const { status, reason, maxScoreDifference } = compareWithGolden(
    { items: scored.map(({ item }) => item), version, tolerance },
    scored.map(({ row }) => ({ ok: true, answer: row })),
  );
  const difference = (maxScoreDifference ?? 0).toPrecision(2);
  if (losses.length > 0) {
    return fail(
      'parity',
      `${name}: ${losses.join('; ')}`,
      'look at the memory of this machine and at the log of its kernel',
    );
  }
  if (status === 'down') {
    return fail(
      'parity',
      `${name}: ${reason ?? ''}`,
      'this CPU computes something else: do not serve it here',
    );
  }
  const found = `${name}: ${scored.length} golden texts scored in a worker, largest difference ${difference} (allowed ${tolerance})`;
  if (status === 'up') return ok('parity', found);
  return warn('parity', found, 'labels agree; evaluate it on this kind of CPU before it serves');
}

async function parityOf(version: ModelVersion): Promise<ParityFile> {
  return parseParity(await readVerified(version, 'parity.json'));
}
