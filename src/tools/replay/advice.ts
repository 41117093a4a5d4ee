import { bytes, count, percent } from '../../base/format.js';
import type { ReplayReport } from './replay-report.js';

/** Which size to choose, in a sentence or two. */
export function advise({ ideal_lru: ideal, sizing }: Pick<ReplayReport, 'ideal_lru' | 'sizing'>): string {
  const { advised_entries: advised, advised_bytes: size, max_hit_rate: maximum } = sizing;
  if (maximum === 0) return 'No text comes twice in this trace: no cache of any size answers any of it.';
  if (advised === 0) {
    return `A text comes again in ${percent(maximum)} of the requests: a cache of any size saves less than a point.`;
  }
  const best = `the ${percent(maximum)} that no size exceeds on this trace`;
  const choice =
    `Choose CACHE_MAX_ITEMS=${advised} (about ${bytes(size)}): ${percent(sizing.advised_hit_rate)}, ` +
    `the smallest size within one point of ${best}.`;
  const { entries, hit_rate: rate } = ideal;
  if (entries < advised) return `${choice} ${count(entries)} entries give ${percent(rate)}.`;
  const spare = entries > sizing.distinct_texts ? ', and are never full' : '';
  return `${choice} ${count(entries)} entries give ${percent(rate)}${spare}.`;
}
