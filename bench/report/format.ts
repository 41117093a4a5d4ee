import { count as grouped } from '../../src/base/format.js';

/** `12,345`: whole numbers alone. */
export const count = (value: number): string => grouped(Math.round(value));

export const ratio = (value: number): string => value.toFixed(2);

export const megabytes = (bytes: number): string => `${count(bytes / 1e6)} MB`;

export const ms = (value: number): string => `${value < 100 ? value.toFixed(2) : count(value)} ms`;

/** A Markdown table; every column but the first is aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
