import type { VersionFigures } from './version-figures.js';

type Cells = readonly string[];

/** A label as a cell holds it; null is no answer. */
export const cellOf = (label: string | null): string =>
  label === null ? 'no answer' : label.replaceAll('|', '\\|');

/** Figures are flush right, the rest flush left. */
export function table(heading: Cells, rows: readonly Cells[]): string[] {
  const line = (cells: Cells): string => `| ${cells.join(' | ')} |`;
  const isFigure = (column: number): boolean =>
    column > 0 && rows.every((cells) => /^(\d|-$)/.test(cells[column] ?? ''));
  return [line(heading), line(heading.map((_, i) => (isFigure(i) ? '---:' : '---'))), ...rows.map(line)];
}

/** One row per figure, one column per version. */
export function perVersion<V extends VersionFigures>(
  versions: readonly V[],
  rows: readonly (readonly [string, (version: V) => string])[],
): string[] {
  return table(
    ['', ...versions.map(({ version }) => version)],
    rows.map(([title, of]) => [title, ...versions.map(of)]),
  );
}
