import { count, counted } from '../../../base/format.js';
import type { Comparison } from '../figures.js';
import { cellOf, table } from './table.js';

export function comparisonLines(comparison: Comparison): string[] {
  const {
    accuracy_drop_points: drop,
    interval_95_points: [low, high],
    lost,
    won,
    mcnemar_p: p,
  } = comparison;
  const { texts, directions, examples } = comparison.disagreements;
  const { mean, max } = comparison.score_shift;
  return [
    '## Difference',
    '',
    `Accuracy ${drop < 0 ? 'rises' : 'drops'} by ${Math.abs(drop).toFixed(2)} points (95 % interval of the drop ${low.toFixed(2)} to ${high.toFixed(2)}): ${counted(lost, 'text')} lost, ${count(won)} won, McNemar p = ${p.toPrecision(2)}.`,
    `Scores move by ${mean.toFixed(4)} on average, by ${max.toFixed(4)} at most.`,
    `${counted(texts, 'text')} ${texts === 1 ? 'gets' : 'get'} another label${texts === 0 ? '.' : ':'}`,
    ...directions.map(
      ({ against, candidate, texts: n }) => `- ${cellOf(against)} to ${cellOf(candidate)}: ${count(n)}`,
    ),
    ...(examples.length === 0
      ? []
      : [
          '',
          ...table(
            [
              'line',
              'label',
              'before',
              'now',
              ...(examples.some(({ text }) => text !== undefined) ? ['text'] : []),
            ],
            examples.map(({ line, label, against, candidate, text }) => [
              String(line),
              cellOf(label),
              cellOf(against),
              cellOf(candidate),
              ...(text === undefined ? [] : [cellOf(text.replace(/\s+/g, ' '))]),
            ]),
          ),
          ...(texts > examples.length ? ['', `and ${count(texts - examples.length)} more`] : []),
        ]),
  ];
}
