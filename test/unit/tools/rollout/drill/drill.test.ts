import { describe, expect, it } from 'vitest';
import type { GateRow, GateState } from '../../../../../src/rollout/gates/types.js';
import type { Reply } from '../../../../../src/tools/traffic/reply.js';
import { seededRandom } from '../../../../../src/base/seeded-random.js';
import { binomialRange } from '../../../../../src/tools/rollout/drill/binomial.js';
import { decide, type Findings } from '../../../../../src/tools/rollout/drill/drill-decision.js';
import { exerciseOf } from '../../../../../src/tools/rollout/drill/exercise-rollback.js';
import { PartRecorder } from '../../../../../src/tools/rollout/drill/part-recorder.js';
import { routingKey } from '../../../../../src/tools/rollout/drill/drill-traffic.js';

const answer = (version: string, source: 'model' | 'memory' = 'model'): Reply => ({
  ok: true,
  version,
  source,
});

describe('bounds of a share', () => {
  it('are those of the binomial distribution', () => {
    // P(X = 0) = 0.9^20 = 0.12 and P(X ≤ 7) = 0.9996, P(X ≤ 6) = 0.9976 for n = 20, p = 0.1.
    expect(binomialRange(20, 0.1, 0.99)).toEqual({ low: 0, high: 6 });
    expect(binomialRange(20, 0.1, 0.999)).toEqual({ low: 0, high: 7 });
    expect(binomialRange(10, 0, 0.99)).toEqual({ low: 0, high: 0 });
    expect(binomialRange(10, 1, 0.99)).toEqual({ low: 10, high: 10 });
    expect(binomialRange(0, 0.5, 0.99)).toEqual({ low: 0, high: 0 });
  });

  it('hold for numbers at which (1 − p)^n is no number any more, as the normal distribution says', () => {
    const { low, high } = binomialRange(200_000, 0.05, 0.999);
    const spread = 3.2905 * Math.sqrt(200_000 * 0.05 * 0.95);
    expect(Math.abs(low - (10_000 - spread))).toBeLessThan(5);
    expect(Math.abs(high - (10_000 + spread))).toBeLessThan(5);
  });

  it('leave out as many drills as they promise', () => {
    const random = seededRandom(11);
    const { low, high } = binomialRange(100, 0.25, 0.9);
    let outside = 0;
    for (let drill = 0; drill < 5000; drill++) {
      let users = 0;
      for (let i = 0; i < 100; i++) if (random() < 0.25) users++;
      if (users < low || users > high) outside++;
    }
    expect(outside / 5000).toBeLessThan(0.1);
    expect(outside / 5000).toBeGreaterThan(0.03);
  });
});

describe('users of a drill', () => {
  it('come three times each, with others in between', () => {
    const keys = Array.from({ length: 1500 }, (_, i) => routingKey('run', i));
    const times = new Map<string, number>();
    for (const key of keys) times.set(key, (times.get(key) ?? 0) + 1);
    expect(times.size).toBe(500);
    expect(new Set(times.values())).toEqual(new Set([3]));
    expect(keys[0]).toBe(keys[50]);
    expect(keys[1]).not.toBe(keys[0]);
  });
});

describe('a part of a drill', () => {
  it('counts users by the version that answered them, and those who were switched', () => {
    const part = new PartRecorder('v2', 50);
    part.record('a', answer('v1'), 1);
    part.record('a', answer('v1', 'memory'), 0.1);
    part.record('b', answer('v2'), 2);
    part.record('c', answer('v2'), 3);
    part.record('c', answer('v1'), 4);
    part.record('d', { ok: false, code: 'OVERLOADED' }, 5);
    const { share, requests, failed, errors, versions } = part.summary();
    expect(share).toMatchObject({ users: 3, canary_users: 2, switched_users: 1, within: true });
    expect([requests, failed, errors]).toEqual([6, 1, { OVERLOADED: 1 }]);
    // Latencies are of computed answers alone.
    expect(versions.v1).toMatchObject({ requests: 3, cached: 1, latency: { requests: 2, max_ms: 4 } });
  });

  it('says when the share is no chance any more', () => {
    const part = new PartRecorder('v2', 5);
    for (let i = 0; i < 400; i++) part.record(String(i), answer(i % 2 === 0 ? 'v2' : 'v1'), 1);
    expect(part.summary().share.within).toBe(false);
  });
});

describe('the rollback of a drill', () => {
  const requests = [
    { sentAt: 90, endedAt: 95, version: 'v2' },
    { sentAt: 99, endedAt: 118, version: 'v2' },
    { sentAt: 101, endedAt: 109, version: 'v1' },
    { sentAt: 111, endedAt: 115, version: 'v1' },
  ];
  const times = { canary: 'v2', calledAt: 100, answeredAt: 110, left: 0, nowMs: 200 };

  it('passes when the canary answers only what was in flight', () => {
    expect(exerciseOf({ requests, ...times })).toEqual({
      call_ms: 10,
      requests_after: 1,
      canary_after: 0,
      clean_after_ms: 0,
      in_flight: 1,
      drained_ms: 8,
      left: 0,
      failed: 0,
      observed_for_ms: 90,
      passed: true,
    });
  });

  it.each([
    [
      'serves a later request',
      { sentAt: 130, endedAt: 140, version: 'v2' },
      { canary_after: 1, clean_after_ms: 20 },
    ],
    ['fails a request', { sentAt: 99, endedAt: 120, version: null }, { failed: 1 }],
  ])('does not when the canary %s', (_, request, expected) => {
    expect(exerciseOf({ requests: [...requests, request], ...times })).toMatchObject({
      ...expected,
      passed: false,
    });
  });

  it('does not when texts never end', () => {
    expect(exerciseOf({ requests, ...times, left: 2 }).passed).toBe(false);
  });
});

describe('the decision of a drill', () => {
  const row = (gate: GateRow['gate'], state: GateState): GateRow => ({
    gate,
    state,
    unit: 'share',
    observed: 0.01,
    limit: 0.03,
    lower: 0,
    upper: 0.02,
    n: 1000,
    sentence: `is ${state}.`,
  });
  const part = (): Findings['parts'][number] => {
    const recorder = new PartRecorder('v2', 50);
    recorder.record('a', answer('v2'), 1);
    recorder.record('b', answer('v1'), 1);
    return recorder.summary();
  };
  const rollback = exerciseOf({ requests: [], canary: 'v2', calledAt: 0, answeredAt: 1, left: 0, nowMs: 2 });
  const good: Findings = {
    end: { kind: 'done', sentence: '' },
    parts: [part()],
    rollback,
    wantedRollback: true,
    verdict: {
      verdict: 'hold',
      gates: [row('disagreement', 'pass'), row('kpi_drop', 'off'), row('hold_time', 'open')],
    },
    wasRolledBack: false,
  };

  it('is promote when every gate but the hold time passes and nothing went wrong', () => {
    expect(decide(good).decision).toBe('promote');
  });

  it.each<[string, Partial<Findings>, string, RegExp]>([
    [
      'a gate fails',
      { verdict: { verdict: 'roll_back', gates: [row('disagreement', 'fail')] } },
      'roll_back',
      /disagreement: is fail/,
    ],
    [
      'a gate of the service was faster',
      { wasRolledBack: true, end: { kind: 'moved', sentence: 'moved by gate' }, verdict: null },
      'roll_back',
      /moved by gate/,
    ],
    [
      'a gate has too little',
      { verdict: { verdict: 'hold', gates: [row('disagreement', 'not_enough_data')] } },
      'hold',
      /not_enough_data/,
    ],
    ['it was interrupted', { end: { kind: 'interrupted', sentence: 'interrupted' } }, 'hold', /interrupted/],
    ['there is no verdict', { verdict: null }, 'hold', /no verdict/],
    ['requests failed', { parts: [{ ...part(), failed: 1 }] }, 'hold', /1 of 2 requests failed/],
    [
      'the share is no chance',
      { parts: [{ ...part(), share: { ...part().share, within: false } }] },
      'hold',
      /are to be expected/,
    ],
    [
      'a user was switched',
      { parts: [{ ...part(), share: { ...part().share, switched_users: 1 } }] },
      'hold',
      /both versions/,
    ],
    ['the rollback was late', { rollback: { ...rollback, canary_after: 3 } }, 'hold', /3 requests after/],
    ['the rollback was wanted and not made', { rollback: null }, 'hold', /not exercised/],
  ])('changes when %s', (_, changes, decision, reason) => {
    const decided = decide({ ...good, ...changes });
    expect(decided.decision).toBe(decision);
    expect(decided.reasons.join('\n')).toMatch(reason);
  });

  it('does not miss a rollback that was left out', () => {
    expect(decide({ ...good, rollback: null, wantedRollback: false }).decision).toBe('promote');
  });
});
