import { count } from '../../../base/format.js';
import type { CandidateFigures, VersionFigures } from '../figures.js';
import { small } from '../small.js';
import { perVersion, table } from './table.js';

export function varianceLines({ version, batch_variance: { mixed, padded } }: CandidateFigures): string[] {
  return [
    `## Batch variance of ${version}`,
    '',
    'The same texts alone, beside random others, and beside a much longer one:',
    '',
    ...table(
      ['', 'texts', 'labels flip', 'largest change of a score'],
      Object.entries({ mixed, padded }).map(
        ([way, { texts, label_flips: flips, max_score_change: change }]) => [
          way,
          count(texts),
          count(flips),
          small(change),
        ],
      ),
    ),
  ];
}

export function parityLines(versions: readonly VersionFigures[]): string[] {
  return [
    '## Parity on this machine',
    '',
    ...perVersion(versions, [
      ['golden texts', ({ parity }) => (parity === null ? 'none' : count(parity.texts))],
      ['other tokens', ({ parity }) => (parity === null ? '-' : count(parity.tokenized_differently))],
      ['another label', ({ parity }) => (parity === null ? '-' : count(parity.label_flips))],
      ['largest difference', ({ parity }) => (parity === null ? '-' : small(parity.max_score_difference))],
      ['allowed', ({ parity }) => (parity === null ? '-' : String(parity.tolerance))],
    ]),
  ];
}
