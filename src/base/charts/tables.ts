type Cells = readonly string[];

/**
 * Lines whose columns are two spaces apart, each as wide as its widest cell.
 * @param left columns that are flush left, the others flush right; all of them when it is left out
 */
export function alignColumns(rows: readonly Cells[], left?: readonly number[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  return rows.map((cells) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return left?.includes(column) === false ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** A table for a terminal, a line each for the heading and the rows. */
export const renderTable = (heading: Cells, rows: readonly Cells[]): string =>
  alignColumns([heading, ...rows])
    .map((line) => `${line}\n`)
    .join('');

const cellText = (cell: string): string => cell.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');

/** A table of Markdown, padded so that it reads as text too. */
export function markdownTable(heading: Cells, rows: readonly Cells[]): string {
  const lines = [heading, ...rows].map((line) => line.map(cellText));
  const widths = heading.map((_, column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)));
  const written = lines.map(
    (line) => `| ${widths.map((width, column) => (line[column] ?? '').padEnd(width)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [written[0], rule, ...written.slice(1)].join('\n');
}
