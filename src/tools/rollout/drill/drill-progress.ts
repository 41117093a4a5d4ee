import type { RolloutView } from '../../../rollout/rollout-types.js';
import { count, milliseconds, share } from '../../../base/format.js';
import type { DrillPair } from './preflight.js';
import type { PartRecorder } from './part-recorder.js';

/** `04:05`. */
export function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}

/** How a drill stands, in one line. */
export function progressLine(
  elapsedMs: number,
  durationMs: number,
  part: PartRecorder,
  { figures, verdict }: RolloutView,
  { stable, canary }: DrillPair,
): string {
  const { share: split, requests, failed, versions } = part.summary();
  const { users, canary_users: canaryUsers, allowed_low: low, allowed_high: high } = split;
  const p99 = (version: string): string => milliseconds(versions[version]?.latency?.p99_ms ?? null);
  const parts = [
    `${clock(elapsedMs)} of ${clock(durationMs)}`,
    `${count(requests)} requests, ${count(failed)} failed`,
    `${count(canaryUsers)} of ${count(users)} users (${share(users === 0 ? null : canaryUsers / users)}; ${low}–${high} expected)`,
    `p99 ${stable.version} ${p99(stable.version)}, ${canary.version} ${p99(canary.version)}`,
  ];
  if (figures !== null) {
    const { texts, disagreement_rate: rate } = figures.total.pairs;
    parts.push(`disagreement ${share(rate)} of ${count(texts)} texts`);
  }
  if (verdict !== null) parts.push(verdict.verdict);
  return parts.join(' · ');
}
