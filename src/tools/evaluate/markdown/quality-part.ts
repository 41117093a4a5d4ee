import { count } from '../../../base/format.js';
import type { VersionFigures } from '../figures.js';
import { perVersion, percent } from './table.js';

export function qualityLines(versions: readonly VersionFigures[]): string[] {
  return [
    '## Quality',
    '',
    ...perVersion(versions, [
      ['accuracy', ({ accuracy: { accuracy } }) => percent(accuracy)],
      [
        '95 % interval',
        ({
          accuracy: {
            interval_95: [low, high],
          },
        }) => `${percent(low)} to ${percent(high)}`,
      ],
      ['right', ({ accuracy: { correct, n } }) => `${count(correct)} of ${count(n)}`],
      ['macro F1', ({ macro_f1: f1 }) => (f1 === null ? '-' : f1.toFixed(4))],
      ['calibration error', ({ calibration }) => calibration.expected_error.toFixed(4)],
      ['Brier score', ({ calibration }) => calibration.brier_score.toFixed(4)],
      ['truncated texts', ({ truncated }) => count(truncated)],
    ]),
  ];
}
