/** A size, and the share of a trace that an LRU cache of that size would answer. */
export interface CurvePoint {
  readonly entries: number;
  /** 0 to 1. */
  readonly hit_rate: number;
}

/** The hit rate of an ideal LRU cache on one trace, for every size: no expiry, no other traffic, empty at first. */
export class HitCurve {
  readonly requests: number;
  /** Keys that came at least once; a larger cache can hold no more. */
  readonly distinct: number;
  /** Index: entries; value: requests that such a cache answers. */
  private readonly hits: Float64Array;

  /** @param distances of every request; 0: first of its key */
  constructor(distances: Uint32Array) {
    this.requests = distances.length;
    this.distinct = distances.reduce((firsts, distance) => (distance === 0 ? firsts + 1 : firsts), 0);
    this.hits = new Float64Array(this.distinct + 1);
    for (const distance of distances) {
      if (distance > 0) this.hits[distance] = (this.hits[distance] ?? 0) + 1;
    }
    for (let entries = 1; entries <= this.distinct; entries++) {
      this.hits[entries] = (this.hits[entries] ?? 0) + (this.hits[entries - 1] ?? 0);
    }
  }

  /** 0 to 1; 0 for a trace without requests. */
  hitRate(entries: number): number {
    const hits = this.hits[Math.min(Math.max(Math.floor(entries), 0), this.distinct)] ?? 0;
    return this.requests === 0 ? 0 : hits / this.requests;
  }

  /** The maximum for any size: every request except the first of each key. */
  get maximum(): number {
    return this.hitRate(this.distinct);
  }

  /** The smallest size whose hit rate is at most `share` (0 to 1) below the maximum. */
  smallestWithin(share: number): number {
    // A margin far below one request, for 0.3 - 0.1 is less than 0.2 in binary.
    const wanted = (this.maximum - share) * this.requests - 1e-6;
    let [low, high] = [0, this.distinct];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.hits[middle] ?? 0) >= wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The rate at each of the sizes, in their order. */
  at(sizes: readonly number[]): CurvePoint[] {
    return sizes.map((entries) => ({ entries, hit_rate: this.hitRate(entries) }));
  }
}

/** 1, 2, 5, 10, 20, … below `largest`, and that itself. */
export function roundSizes(largest: number): number[] {
  const sizes: number[] = [];
  for (let decade = 1; decade < largest; decade *= 10) {
    sizes.push(...[1, 2, 5].map((step) => step * decade).filter((size) => size < largest));
  }
  return [...sizes, largest];
}

/** At most `count` whole sizes from 1 to `largest`, evenly spaced on a logarithmic axis, both ends included. */
export function spacedSizes(largest: number, count: number): number[] {
  const steps = Math.max(1, count - 1);
  const sizes = Array.from({ length: count }, (_, i) => Math.round(largest ** (i / steps)));
  return [...new Set([...sizes, largest])].sort((a, b) => a - b);
}

/** What a percentage point of hits is worth is for the operator to say; more than one is seldom given away. */
const GIVEN_AWAY = 0.01;
/** Enough for a smooth line in the picture. */
const CURVE_POINTS = 160;

/** Hit rate against size, and the size to choose. */
export interface Sizing {
  /** Different texts among the answered requests: no cache can hold more. */
  readonly distinct_texts: number;
  /** The maximum for any size on this trace, 0 to 1. */
  readonly max_hit_rate: number;
  /** The smallest size within one point of it; 0 when hardly a text comes twice. */
  readonly advised_entries: number;
  readonly advised_hit_rate: number;
  /** Estimated, of the cache in memory. */
  readonly bytes_per_entry: number;
  readonly advised_bytes: number;
  readonly curve: readonly CurvePoint[];
}

/**
 * The curve and the size to choose.
 * @param entries a size that must be on the curve
 */
export function sizingOf(curve: HitCurve, entries: number, bytesPerEntry: number): Sizing {
  const advised = curve.smallestWithin(GIVEN_AWAY);
  const distinct = Math.max(curve.distinct, 1);
  const sizes = new Set([...spacedSizes(Math.max(distinct, entries), CURVE_POINTS), ...roundSizes(distinct)]);
  for (const size of [entries, advised]) if (size > 0) sizes.add(size);
  return {
    distinct_texts: curve.distinct,
    max_hit_rate: curve.maximum,
    advised_entries: advised,
    advised_hit_rate: curve.hitRate(advised),
    bytes_per_entry: bytesPerEntry,
    advised_bytes: advised * bytesPerEntry,
    curve: curve.at([...sizes].sort((a, b) => a - b)),
  };
}
