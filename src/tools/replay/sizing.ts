import { roundSizes, spacedSizes, type HitCurve } from './hit-curve.js';
import type { Sizing } from './report.js';

/** What a percentage point of hits is worth is for the operator to say; more than one is seldom given away. */
const GIVEN_AWAY = 0.01;
/** Enough for a smooth line in the picture. */
const CURVE_POINTS = 160;

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
