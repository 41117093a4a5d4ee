import { count, percent } from '../../base/format.js';
import { cellOf, perVersion, table } from './markdown-tables.js';
import type { Interval } from './statistics/proportion.js';
import type { SeveralComparison, SeveralFigures, VersionFigures } from './version-figures.js';

const f1 = (value: number | null): string => (value === null ? '-' : value.toFixed(4));

/** An interval of shares; no share was measured where `value` is null. */
const range = (value: number | null, [low, high]: Interval, digits = 1): string =>
  value === null ? '-' : `${percent(low, digits)} to ${percent(high, digits)}`;

const severalOf = ({ several }: VersionFigures): SeveralFigures => {
  if (several === null) throw new Error('the version gives a text several labels');
  return several;
};

/** The figures of whole versions that give a text any number of labels. */
export function severalQualityLines(versions: readonly VersionFigures[]): string[] {
  return [
    '## Quality',
    '',
    ...perVersion(versions, [
      ['macro F1', ({ macro_f1: value }) => f1(value)],
      [
        '95 % interval',
        (one) => {
          const [low, high] = severalOf(one).macro_f1_interval_95;
          return `${f1(low)} to ${f1(high)}`;
        },
      ],
      ['micro F1', (one) => f1(severalOf(one).micro_f1)],
      ['micro precision', (one) => percent(severalOf(one).micro_precision, 2)],
      ['micro recall', (one) => percent(severalOf(one).micro_recall, 2)],
      ['all labels right', ({ accuracy: { correct, n } }) => `${count(correct)} of ${count(n)}`],
      ['as a share', ({ accuracy: { accuracy } }) => percent(accuracy, 2)],
      ['95 % interval', ({ accuracy: { accuracy, interval_95: interval } }) => range(accuracy, interval, 2)],
      ['calibration error', ({ calibration }) => calibration.expected_error.toFixed(4)],
      ['Brier score', ({ calibration }) => calibration.brier_score.toFixed(4)],
      ['truncated texts', ({ truncated }) => count(truncated)],
    ]),
  ];
}

/** The figures of each label, in two tables. */
export function severalLabelLines(versions: readonly VersionFigures[]): string[][] {
  const labels = versions.flatMap((version) =>
    severalOf(version).labels.flatMap((one, k) => {
      const figures = version.labels[k];
      return figures === undefined ? [] : [{ version: version.version, ...one, ...figures }];
    }),
  );
  return [
    [
      '## Labels',
      '',
      ...table(
        ['label', 'version', 'threshold', 'texts', 'precision', 'recall', 'F1'],
        labels.map((one) => [
          cellOf(one.label),
          one.version,
          String(one.threshold),
          `${count(one.support)} of ${count(one.known)}`,
          percent(one.precision, 2),
          percent(one.recall, 2),
          f1(one.f1),
        ]),
      ),
    ],
    [
      'Their 95 % intervals:',
      '',
      ...table(
        ['label', 'version', 'precision', 'recall', 'F1'],
        labels.map((one) => [
          cellOf(one.label),
          one.version,
          range(one.precision, one.precision_interval_95),
          range(one.recall, one.recall_interval_95),
          one.f1 === null ? '-' : one.f1_interval_95.map((bound) => bound.toFixed(3)).join(' to '),
        ]),
      ),
    ],
    [
      'Recall at the threshold with which at most 1 % of the texts without the label get it:',
      '',
      ...table(
        ['label', 'version', 'recall', '95 % interval', 'threshold', 'calibration error'],
        labels.map(({ label, version, recall_at_1_percent: at, expected_error: error }) => [
          cellOf(label),
          version,
          at === null ? '-' : percent(at.recall, 2),
          at === null ? '-' : range(at.recall, at.interval_95),
          at === null ? '-' : f1(at.threshold),
          error.toFixed(4),
        ]),
      ),
    ],
  ];
}

/** What F1 loses, of all labels and of each. */
export function severalComparisonLines(several: SeveralComparison): string[] {
  const { macro_f1_drop_points: drop, interval_95_points: interval, labels } = several;
  const points = (value: number | null): string => (value === null ? '-' : value.toFixed(2));
  const bounds = (value: Interval | null): string => (value === null ? '-' : value.map(points).join(' to '));
  return [
    `Macro-F1 ${drop < 0 ? 'rises' : 'drops'} by ${points(Math.abs(drop))} points (95 % interval of the drop ${bounds(interval)}). By label:`,
    '',
    ...table(
      ['label', 'F1 drops by', '95 % interval'],
      labels.map((one) => [cellOf(one.label), points(one.f1_drop_points), bounds(one.interval_95_points)]),
    ),
    '',
  ];
}
