/**
 * Lines of a table whose columns are two spaces apart: those in `left` flush left, the others, figures, flush right.
 */
export function columns(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[],
): string[] {
  const lines = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return left.includes(column) ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
