import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noEvidence, type Evidence } from '../../../../src/rollout/evidence/counts.js';
import { mergeDocuments } from '../../../../src/rollout/evidence/evidence-document.js';
import { mergeExamples, type FlipExample } from '../../../../src/rollout/evidence/flip-examples.js';
import { addValue, distributionOf, quantileOf } from '../../../../src/rollout/evidence/log-histogram.js';
import { mergeEvidence } from '../../../../src/rollout/evidence/merge.js';
import { parseEvidence } from '../../../../src/rollout/evidence/parse-evidence.js';
import {
  MAX_FLIP_KINDS,
  recordFeedback,
  recordOutcome,
  recordPair,
  recordRun,
} from '../../../../src/rollout/evidence/record.js';
import { RolloutEvidence } from '../../../../src/rollout/evidence/rollout-evidence.js';
import { pairOf } from '../../../support/label-versions.js';
import { SeenTexts, textHash } from '../../../../src/rollout/evidence/seen-texts.js';

const answer = fc.option(fc.record({ label: fc.nat(4), score: fc.double({ min: 0, max: 1, noNaN: true }) }), {
  freq: 8,
});
const side = fc.constantFrom('canary', 'stable');
const events = fc.array(
  fc.oneof(
    fc.tuple(fc.constant('pair' as const), answer, answer, fc.boolean()),
    fc.tuple(fc.constant('outcome' as const), side, fc.option(fc.nat(4)), fc.integer({ min: 0, max: 5000 })),
    fc.tuple(
      fc.constant('run' as const),
      side,
      fc.integer({ min: 0, max: 900 }),
      fc.integer({ min: 1, max: 99_999 }),
    ),
    fc.tuple(fc.constant('feedback' as const), side, fc.boolean(), fc.integer({ min: -9, max: 9 })),
  ),
  { maxLength: 40 },
);
const evidence = events.map((list) => {
  const window = noEvidence();
  for (const event of list) {
    if (event[0] === 'pair') recordPair(window, pairOf(event[1], event[2]), event[3]);
    else if (event[0] === 'outcome')
      recordOutcome(window[event[1]], { said: event[2] === null ? null : [event[2]], latencyMs: event[3] });
    else if (event[0] === 'run')
      recordRun(window[event[1]], { inferenceMs: event[2], paddedTokens: event[3] });
    else recordFeedback(window[event[1]], { correct: event[2], kpi: event[3] });
  }
  return window;
});

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('evidence', () => {
  it('adds up to the same sum in any order and grouping', () => {
    fc.assert(
      fc.property(evidence, evidence, evidence, (a, b, c) => {
        const all = mergeEvidence(a, b, c);
        expect(mergeEvidence(c, a, b)).toEqual(all);
        expect(mergeEvidence(a, mergeEvidence(b, c))).toEqual(all);
        expect(mergeEvidence(noEvidence(), a)).toEqual(a);
      }),
    );
  });

  it('leaves its parts alone when it is added up', () => {
    fc.assert(
      fc.property(evidence, evidence, (a, b) => {
        const before = json([a, b]);
        mergeEvidence(a, b);
        expect([a, b]).toEqual(before);
      }),
    );
  });

  it('comes back from JSON as it was', () => {
    fc.assert(
      fc.property(evidence, (window) => {
        expect(parseEvidence(json(window))).toEqual(window);
      }),
    );
  });

  it.each([
    [null, 'evidence: allowed are numbers and objects'],
    [[], 'evidence: allowed are'],
    [{ pairs: { pairs: -1 } }, 'evidence.pairs.pairs: -1 is not a count'],
    [{ pairs: { pairs: '5' } }, 'evidence.pairs.pairs: allowed'],
    [{ pairs: { pairs: {} } }, 'evidence.pairs.pairs: allowed is a number'],
    [{ pairs: 5 }, 'evidence.pairs: allowed is an object'],
    [{ pears: 5 }, 'evidence.pears: unknown'],
    [{ pairs: { flips: { a: 1 } } }, 'evidence.pairs.flips.a: unknown'],
    [{ canary: { runs: { 3: 7 } } }, 'evidence.canary.runs.3: allowed is an object'],
    [{ canary: { labels: { 3: { 1: 1 } } } }, 'evidence.canary.labels.3: allowed is a number'],
    [JSON.parse('{"canary": {"__proto__": {"requests": 1}}}'), 'evidence.canary.__proto__: unknown'],
  ])('refuses %j, and says where it is wrong', (document, message) => {
    expect(() => parseEvidence(document)).toThrow(message);
  });

  it('counts what an older document did not know as 0', () => {
    expect(parseEvidence({ pairs: { pairs: 3 } })).toMatchObject({
      pairs: { pairs: 3, disagreements: 0 },
      canary: noEvidence().canary,
    });
  });

  it('counts a repeated text as traffic, not as a new text', () => {
    const window = noEvidence();
    const [no, yes] = [
      { label: 0, score: 0.9 },
      { label: 1, score: 0.6 },
    ];
    recordPair(window, pairOf(no, yes), true);
    recordPair(window, pairOf(no, yes), false);
    recordPair(window, pairOf(no, no), true);
    recordPair(window, pairOf(no, null), true);
    recordPair(window, pairOf(null, no), true);
    recordPair(window, pairOf(null, no), false);
    expect(window.pairs).toEqual({
      ...noEvidence().pairs,
      pairs: 2,
      disagreements: 1,
      gained: { 1: 1 },
      lost: { 0: 1 },
      flips: { '0>1': 1 },
      scoreShiftMicro: -300_000,
      absoluteScoreShiftMicro: 300_000,
      squaredScoreShiftMicro: 90_000,
      canaryOnlyErrors: 1,
      stableOnlyErrors: 1,
      trafficPairs: 3,
      trafficDisagreements: 2,
    });
  });

  it('keeps a bounded number of kinds of flips', () => {
    const window = noEvidence();
    for (let i = 0; i < MAX_FLIP_KINDS + 10; i++) {
      recordPair(window, pairOf({ label: i, score: 1 }, { label: i + 1, score: 1 }), true);
    }
    expect(Object.keys(window.pairs.flips)).toHaveLength(MAX_FLIP_KINDS);
    expect(window.pairs).toMatchObject({ otherFlips: 10, disagreements: MAX_FLIP_KINDS + 10 });
  });

  it('takes no run without tokens and no kpi that is not a number', () => {
    const window = noEvidence();
    recordRun(window.canary, { inferenceMs: 1, paddedTokens: 0 });
    recordRun(window.canary, { inferenceMs: NaN, paddedTokens: 8 });
    recordFeedback(window.canary, { kpi: Infinity });
    expect(window).toEqual(noEvidence());
  });
});

describe('a latency histogram', () => {
  it('gives quantiles within the width of a bucket', () => {
    const histogram = {};
    const values = Array.from({ length: 1000 }, (_, i) => 100 * 1.005 ** i);
    for (const value of values) addValue(histogram, value);
    for (const q of [0.001, 0.5, 0.95, 0.99, 1]) {
      const exact = values[Math.ceil(q * 1000) - 1] ?? NaN;
      expect(Math.abs((quantileOf(histogram, q) ?? NaN) / exact - 1)).toBeLessThan(0.012);
    }
    expect(quantileOf({}, 0.5)).toBeNull();
  });

  it('counts below a bucket and finds ranks as a sorted list does', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1023), { minLength: 1 }), fc.nat(1024), (buckets, at) => {
        const histogram: Record<string, number> = {};
        for (const bucket of buckets) histogram[bucket] = (histogram[bucket] ?? 0) + 1;
        const values = distributionOf(histogram);
        const sorted = [...buckets].sort((a, b) => a - b);
        expect(values.n).toBe(sorted.length);
        expect(values.countBelow(at)).toBe(sorted.filter((bucket) => bucket < at).length);
        sorted.forEach((bucket, i) => {
          expect(values.bucketAtRank(i + 1)).toBe(bucket);
        });
      }),
    );
  });

  it('takes values beyond both ends', () => {
    const histogram = {};
    for (const value of [0, 1e-9, 1e300, Infinity]) addValue(histogram, value);
    expect(histogram).toEqual({ 0: 2, 1023: 2 });
  });
});

describe('seen texts', () => {
  it('knows a text again, over growth and a restart', () => {
    const seen = new SeenTexts();
    const hashes = Array.from({ length: 5000 }, (_, i) => textHash(`text ${i}`));
    expect(hashes.every((hash) => seen.add(hash))).toBe(true);
    expect(hashes.some((hash) => seen.add(hash))).toBe(false);
    expect(seen.size).toBe(5000);
    const restored = new SeenTexts();
    restored.addBytes(seen.toBytes());
    expect(restored.size).toBe(5000);
    expect(hashes.some((hash) => restored.add(hash))).toBe(false);
    expect(restored.add(textHash('another'))).toBe(true);
  });

  it('takes nothing for new when it is full, and says so', () => {
    const seen = new SeenTexts(3);
    expect([1n, 2n, 3n, 4n, 2n].map((hash) => seen.add(hash))).toEqual([true, true, true, false, false]);
    expect(seen.saturated).toBe(true);
  });

  it('has room for hashes that end in the same bits, and for 0', () => {
    const seen = new SeenTexts();
    const hashes = Array.from({ length: 400 }, (_, i) => BigInt(i) << 40n);
    expect(hashes.map((hash) => seen.add(hash)).every(Boolean)).toBe(true);
    expect(hashes.some((hash) => seen.add(hash))).toBe(false);
  });

  it('passes over a torn last hash', () => {
    const seen = new SeenTexts();
    seen.addBytes(Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 9, 9]));
    expect(seen.size).toBe(1);
  });
});

describe('examples of flips', () => {
  const example = (i: number): FlipExample => ({
    hash: i.toString(16).padStart(16, '0'),
    stableLabel: 0,
    canaryLabel: 1,
    stableScore: 0.9,
    canaryScore: 0.8,
    length: i,
    text: null,
  });

  it('are the same 50 in whatever order they came', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1000), { minLength: 60, maxLength: 120 }), fc.nat(60), (ids, cut) => {
        const all = ids.map(example);
        const once = mergeExamples(all);
        expect(once).toHaveLength(50);
        expect(mergeExamples(mergeExamples(all.slice(0, cut)), mergeExamples(all.slice(cut)), once)).toEqual(
          once,
        );
      }),
    );
  });
});

describe('the evidence of a rollout', () => {
  const no = { label: 0, score: 0.9 };
  const yes = { label: 1, score: 0.7 };
  const texts = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, i) => `text ${from + i}`);
  const fill = (evidenceOf: RolloutEvidence, list: readonly string[]): void => {
    for (const text of list) evidenceOf.addPair(text, pairOf(no, text.endsWith('0') ? yes : no));
  };
  const pairs = (window: Evidence | undefined): number | undefined => window?.pairs.pairs;

  it('counts in the step and in total, each text once per rollout', () => {
    const rollout = new RolloutEvidence(1, false);
    fill(rollout, texts(0, 100));
    rollout.enterStep(2);
    fill(rollout, texts(50, 150));
    rollout.addOutcome('canary', { said: [1], latencyMs: 3 });
    const { total, steps } = rollout.toDocument();
    expect([pairs(total), pairs(steps[1]), pairs(steps[2])]).toEqual([150, 100, 50]);
    expect(total.pairs.trafficPairs).toBe(200);
    expect([steps[1]?.canary.requests, steps[2]?.canary.requests]).toEqual([0, 1]);
    expect(rollout.windows(2)).toEqual({ total, step: steps[2], saturated: false });
    expect(rollout.windows(3).step).toEqual(noEvidence());
    expect(total).toEqual(mergeEvidence(steps[1] ?? noEvidence(), steps[2] ?? noEvidence()));
  });

  it('goes on after a restart as if nothing had happened', () => {
    const whole = new RolloutEvidence(1, true);
    fill(whole, texts(0, 300));
    const before = new RolloutEvidence(1, true);
    fill(before, texts(0, 200));
    const after = new RolloutEvidence(1, true);
    after.restore(json(before.toDocument()), before.seenBytes(), 1);
    fill(after, texts(100, 300));
    const { total, examples } = after.toDocument();
    expect(pairs(total)).toBe(300);
    expect(total.pairs.disagreements).toBe(whole.toDocument().total.pairs.disagreements);
    expect(examples).toEqual(whole.toDocument().examples);
  });

  it('takes nothing over from a document that is not evidence', () => {
    const rollout = new RolloutEvidence(1, false);
    fill(rollout, texts(0, 10));
    const good = rollout.toDocument();
    const wrong = [
      null,
      {},
      { ...good, steps: { x: good.total } },
      { ...good, examples: [{}] },
      { ...good, saturated: 1 },
      { ...good, total: { pairs: -1 } },
      { ...good, steps: { 1: 7 } },
    ];
    for (const document of wrong) {
      expect(() => {
        rollout.restore(document, Buffer.alloc(0), 1);
      }).toThrow(/^evidence/);
    }
    expect(rollout.toDocument()).toEqual(good);
  });

  it('keeps texts only where it may', () => {
    const example = (keepTexts: boolean): FlipExample | undefined => {
      const rollout = new RolloutEvidence(1, keepTexts);
      rollout.addPair(`0123456789${'x'.repeat(990)}`, pairOf(no, yes));
      return rollout.toDocument().examples[0];
    };
    expect(example(false)).toMatchObject({ length: 1000, text: null, stableLabel: 0, canaryLabel: 1 });
    expect(example(true)?.text).toHaveLength(500);
  });

  it('loses the texts of an earlier process when they may not be kept any more', () => {
    const before = new RolloutEvidence(1, true);
    before.addPair('what a user wrote', pairOf(no, yes));
    for (const keepTexts of [true, false]) {
      const after = new RolloutEvidence(1, keepTexts);
      after.restore(json(before.toDocument()), before.seenBytes(), 1);
      expect(after.flips.map(({ text }) => text)).toEqual([keepTexts ? 'what a user wrote' : null]);
    }
  });

  it('drops the oldest of many steps, and nothing of the total', () => {
    const rollout = new RolloutEvidence(1, false);
    for (let visit = 1; visit <= 40; visit++) {
      rollout.enterStep(visit);
      fill(rollout, texts(visit * 10, visit * 10 + 10));
    }
    const { steps, total } = rollout.toDocument();
    expect(Object.keys(steps)).toHaveLength(16);
    expect(Object.keys(steps)).toContain('40');
    expect(pairs(total)).toBe(400);
  });

  it('is the sum of its replicas', () => {
    const [a, b] = [new RolloutEvidence(3, false), new RolloutEvidence(3, false)];
    fill(a, texts(0, 40));
    fill(b, texts(40, 100));
    b.addPair('text 0', pairOf(no, yes), false);
    const sum = mergeDocuments([a.toDocument(), b.toDocument()]);
    expect([pairs(sum.total), pairs(sum.steps[3]), sum.total.pairs.trafficPairs]).toEqual([100, 100, 101]);
    expect(sum.examples).toHaveLength(10);
    expect(sum.saturated).toBe(false);
  });
});
