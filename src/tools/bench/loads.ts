/** How requests are sent. */
export type Load =
  | {
      /** Each connection sends its next request when the answer has come. */
      readonly kind: 'closed';
      readonly connections: number;
    }
  | {
      /** By the clock, whatever becomes of the answers. */
      readonly kind: 'open';
      readonly ratePerS: number;
    };

/** Of the capacity, where nobody names rates: an idle service, a usual one, a busy one. */
const DEFAULT_SHARES = [0.25, 0.5, 0.75] as const;

export function loadName(load: Load): string {
  if (load.kind === 'open') return `${load.ratePerS} requests/s`;
  return load.connections === 1 ? '1 connection' : `${load.connections} connections`;
}

/** Rates to offer to a service of this capacity, in figures that a person would choose. */
export function ratesFor(capacityPerS: number): number[] {
  return DEFAULT_SHARES.map((share) => Number((share * capacityPerS).toPrecision(2)));
}

export const isSameLoad = (a: Load, b: Load): boolean => loadName(a) === loadName(b);
