/** Formats of figures for people; `-` stands for a missing figure. */

const grouped = new Intl.NumberFormat('en-US');

/** `12,345`. */
export const count = (value: number): string => grouped.format(value);

/** `1 text`, `12,345 texts`. */
export const counted = (value: number, noun: string, plural = `${noun}s`): string =>
  `${count(value)} ${value === 1 ? noun : plural}`;

/** The number rounded to at most `digits` decimals. */
export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Three significant digits, without trailing zeros. */
export const short = (value: number): string => String(Number(value.toPrecision(3)));

/** `1.07`. */
export const plain = (value: number | null): string => (value === null ? '-' : short(value));

/** A share of 0 to 1 as `71.9 %`. */
export const percent = (share: number | null, digits = 1): string =>
  share === null ? '-' : `${(100 * share).toFixed(digits)} %`;

/** A share of 0 to 1 as `1.23 %`, `0.0123 %`: three significant digits. */
export const share = (value: number | null): string => (value === null ? '-' : `${short(100 * value)} %`);

/** A difference of scores: `0`, `4.9e-7`. */
export const scoreDifference = (value: number): string => (value === 0 ? '0' : value.toExponential(1));

/** `12.3 ms`. */
export const milliseconds = (value: number | null): string => (value === null ? '-' : `${short(value)} ms`);

/** `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const [minutes, restS] = [Math.floor(seconds / 60), seconds % 60];
  if (minutes < 60) return restS === 0 ? `${minutes} min` : `${minutes} min ${restS} s`;
  const [hours, restMin] = [Math.floor(minutes / 60), minutes % 60];
  return restMin === 0 ? `${hours} h` : `${hours} h ${restMin} min`;
}

/** `480 B`, `2.4 MB`: decimal units, as CACHE_MAX_BYTES takes them. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** power;
  return `${scaled.toFixed(power === 0 || scaled >= 100 ? 0 : 1)} ${units[power] ?? ''}`;
}

/** `23.4 MB`. Much smaller and larger sizes are in MB too, so that models are compared in one unit. */
export const megabytes = (value: number): string => `${(value / 1e6).toFixed(1)} MB`;

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar for a share of 0 to 1, at most `cells` wide. */
export function bar(part: number, cells: number): string {
  const eighths = Math.round(part * cells * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}
