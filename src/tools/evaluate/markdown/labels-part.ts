import { count } from '../../../base/format.js';
import type { VersionFigures } from '../figures.js';
import { cellOf, percent, table } from './table.js';

export function labelLines(versions: readonly VersionFigures[]): string[] {
  const rows = versions.flatMap(({ version, labels }) =>
    labels.map(({ label, support, precision, recall, f1 }) => [
      cellOf(label),
      version,
      count(support),
      percent(precision),
      percent(recall),
      f1 === null ? '-' : f1.toFixed(4),
    ]),
  );
  return ['## Labels', '', ...table(['label', 'version', 'texts', 'precision', 'recall', 'F1'], rows)];
}

export function confusionLines({ version, labels, confusion }: VersionFigures): string[] {
  return table(
    [`${version}: label, answer →`, ...labels.map(({ label }) => cellOf(label))],
    confusion.map((row, k) => [cellOf(labels[k]?.label ?? ''), ...row.map(count)]),
  );
}
