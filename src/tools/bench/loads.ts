/** How requests are sent. */
export type Load =
  | {
      /** Each connection sends its next request when the answer has come. */
      readonly kind: 'closed';
      readonly connections: number;
    }
  | {
      /** Open loop: sent by the clock, without waiting for answers. */
      readonly kind: 'open';
      readonly ratePerS: number;
    };

/** Default rates as shares of the capacity: an idle, a usual and a busy service. */
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
