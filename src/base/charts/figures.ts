/** How figures are written where people read them; `-` where there is none. */

const grouped = new Intl.NumberFormat('en-US');

/** `12,345`. */
export const count = (value: number): string => grouped.format(value);

/** Three digits that matter, no zeros behind them. */
const short = (value: number): string => String(Number(value.toPrecision(3)));

/** A share of 0 to 1 as `1.23 %`. */
export const share = (value: number | null): string => (value === null ? '-' : `${short(100 * value)} %`);

/** `12.3 ms`. */
export const milliseconds = (value: number | null): string => (value === null ? '-' : `${short(value)} ms`);

/** `1.07`. */
export const plain = (value: number | null): string => (value === null ? '-' : short(value));

/** `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const [minutes, restS] = [Math.floor(seconds / 60), seconds % 60];
  if (minutes < 60) return restS === 0 ? `${minutes} min` : `${minutes} min ${restS} s`;
  const [hours, restMin] = [Math.floor(minutes / 60), minutes % 60];
  return restMin === 0 ? `${hours} h` : `${hours} h ${restMin} min`;
}
