import { noEvidence, type Evidence } from '../../src/rollout/evidence/counts.js';
import { recordPair, recordRun } from '../../src/rollout/evidence/record.js';
import type { GateSettings, Verdict } from '../../src/rollout/gates/types.js';
import { pairOf } from './label-versions.js';
import { decide } from '../../src/rollout/gates/verdict.js';

/** What the simulated canary is like; everything else is as in the stable version. */
export interface Canary {
  readonly disagreement: number;
  /** Share of the disagreements that turn label 0 into label 1; the others go the other way. */
  readonly flipsUp?: number;
  readonly errorRate?: number;
  /** Worker time, canary to stable. */
  readonly slowdown?: number;
}

export interface SimulationResult {
  readonly end: 'roll_back' | 'promoted' | 'held';
  readonly seconds: number;
  /** Distinct pairs seen. */
  readonly pairs: number;
}

export const DEFAULT_RAMP = [1, 5, 25, 50, 100];
export const HOLD_MS = 30 * 60_000;

const REQUESTS_PER_S = 200;
/** Of the comparison: at most a tenth of extra work. */
const MAX_PAIRS_PER_S = 20;
const STABLE_ERROR_RATE = 0.001;
const RUNS_PER_S = 2;
const LOG_NORMAL_SIGMA = 0.05;

/** Marsaglia's xorshift32, in [0, 1). */
export function xorshift(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

/** Says of each of a row of events whether it is one that comes with probability p: a draw per hit, not per event. */
function hits(p: number, random: () => number): (events: number) => number {
  const gap = (): number => Math.floor(Math.log(1 - random()) / Math.log1p(-p));
  let left = gap();
  return (events) => {
    let found = 0;
    let rest = events;
    while (left < rest) {
      found++;
      rest -= left + 1;
      left = gap();
    }
    left -= rest;
    return found;
  };
}

const runTime = (paddedTokens: number, slowdown: number, random: () => number): number => {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return slowdown * (0.3 + 0.02 * paddedTokens) * Math.exp(LOG_NORMAL_SIGMA * normal);
};

/** Seconds of traffic, one call each, with `percent` of it on the canary; each is counted in both windows. */
function trafficOf(
  canary: Canary,
  random: () => number,
): (percent: number, windows: readonly Evidence[]) => void {
  const flipsIn = hits(canary.disagreement, random);
  const errorsIn = {
    canary: hits(canary.errorRate ?? STABLE_ERROR_RATE, random),
    stable: hits(STABLE_ERROR_RATE, random),
  };
  return (percent, windows) => {
    const ours = (REQUESTS_PER_S * percent) / 100;
    const requests = { canary: ours, stable: REQUESTS_PER_S - ours };
    for (const side of ['canary', 'stable'] as const) {
      const errors = errorsIn[side](requests[side]);
      for (const window of windows) {
        window[side].requests += requests[side];
        window[side].errors += errors;
      }
      for (let i = 0; i < RUNS_PER_S; i++) {
        const paddedTokens = i % 2 === 0 ? 24 : 200;
        const inferenceMs = runTime(paddedTokens, side === 'canary' ? (canary.slowdown ?? 1) : 1, random);
        for (const window of windows) recordRun(window[side], { inferenceMs, paddedTokens });
      }
    }
    const pairs = Math.min(ours, MAX_PAIRS_PER_S);
    const flips = flipsIn(pairs);
    for (let i = 0; i < pairs; i++) {
      const stable = { label: random() < (canary.flipsUp ?? 0.5) ? 0 : 1, score: 0.9 };
      const answer = { label: i < flips ? 1 - stable.label : stable.label, score: 0.8 };
      const pair = pairOf(stable, answer);
      for (const window of windows) recordPair(window, pair, true);
    }
  };
}

/** A rollout by the default ramp, looked at every second, that follows every verdict; given up after `maxSeconds`. */
export function simulateRollout(
  canary: Canary,
  settings: GateSettings,
  random: () => number,
  maxSeconds: number,
): SimulationResult {
  const total = noEvidence();
  const traffic = trafficOf(canary, random);
  let [at, enteredAt] = [0, 0];
  let step = noEvidence();
  for (let seconds = 1; seconds <= maxSeconds; seconds++) {
    const percent = DEFAULT_RAMP[at] ?? 100;
    traffic(percent, [total, step]);
    const nextPercent = DEFAULT_RAMP[at + 1] ?? null;
    const elapsedMs = (seconds - enteredAt) * 1000;
    // Whether a pass is proven is asked when the hold time is over: before, it changes no verdict and costs half of the time.
    const leadsTo = elapsedMs < HOLD_MS ? 0 : nextPercent;
    const info = { visit: at + 1, nextPercent: leadsTo, elapsedMs, holdMs: HOLD_MS, shadow: false };
    const verdict: Verdict = decide({ labelCount: 2, total, step, saturated: false }, settings, info);
    const pairs = total.pairs.pairs;
    if (verdict === 'roll_back') return { end: 'roll_back', seconds, pairs };
    if (verdict !== 'promote') continue;
    if (nextPercent === null) return { end: 'promoted', seconds, pairs };
    step = noEvidence();
    at++;
    enteredAt = seconds;
  }
  return { end: 'held', seconds: maxSeconds, pairs: total.pairs.pairs };
}
