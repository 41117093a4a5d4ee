type Cells = readonly string[];

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
