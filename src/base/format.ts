const grouped = new Intl.NumberFormat('en-US');

/** `12,345`. */
export const count = (value: number): string => grouped.format(value);

/** `1 text`, `12,345 texts`. */
export const counted = (value: number, noun: string, plural = `${noun}s`): string =>
  `${count(value)} ${value === 1 ? noun : plural}`;

/** A share of 0 to 1 as `71.9 %`; `-` for null. */
export const percent = (share: number | null): string =>
  share === null ? '-' : `${(100 * share).toFixed(1)} %`;

/** `480 B`, `2.4 MB`: decimal units, as CACHE_MAX_BYTES takes them. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** power;
  return `${scaled.toFixed(power === 0 || scaled >= 100 ? 0 : 1)} ${units[power] ?? ''}`;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar for a share of 0 to 1, at most `cells` wide. */
export function bar(share: number, cells: number): string {
  const eighths = Math.round(share * cells * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}
