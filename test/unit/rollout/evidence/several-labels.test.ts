import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { taskNamed } from '../../../../src/engine/tasks/table.js';
import { noEvidence, type Evidence } from '../../../../src/rollout/evidence/counts.js';
import { parseDocument } from '../../../../src/rollout/evidence/evidence-document.js';
import { flipViews, windowFigures } from '../../../../src/rollout/evidence/figures-view.js';
import { exampleLabels } from '../../../../src/rollout/evidence/flip-examples.js';
import { mergeEvidence } from '../../../../src/rollout/evidence/merge.js';
import { parseEvidence } from '../../../../src/rollout/evidence/parse-evidence.js';
import { recordOutcome, recordPair, type AnswerPair } from '../../../../src/rollout/evidence/record.js';
import { RolloutEvidence } from '../../../../src/rollout/evidence/rollout-evidence.js';
import { pairOf } from '../../../support/label-versions.js';

const NAMES = ['anger', 'joy', 'love'];
const FACTS = { labels: NAMES, thresholds: null, maxTokens: null };
const multi = taskNamed('multi-label-classification').pair(FACTS, FACTS);

/** What two versions of three labels said, each label with its score. */
const pairOfScores = (stable: readonly number[], canary: readonly number[]): AnswerPair => {
  const [ofStable, ofCanary] = [{ scores: stable }, { scores: canary }];
  return {
    stable: { said: multi.said('stable', ofStable), score: multi.score(ofStable) },
    canary: { said: multi.said('canary', ofCanary), score: multi.score(ofCanary) },
    difference: multi.differ(ofStable, ofCanary),
  };
};
const ANGER_LOVE = [0.75, 0, 0.5];
const ANGER_JOY = [0.5, 0.875, 0];
const JOY = [0, 1, 0];
const NONE = [0, 0.25, 0];

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Pairs that were seen for the first time. */
const seen = (...pairs: readonly AnswerPair[]): Evidence => {
  const window = noEvidence();
  for (const pair of pairs) recordPair(window, pair, true);
  return window;
};

describe('pairs of texts with several labels', () => {
  it('count a flip by both sets, and gain or lose only what one of them has', () => {
    const window = seen(
      pairOfScores(ANGER_LOVE, JOY),
      pairOfScores(ANGER_LOVE, ANGER_JOY),
      pairOfScores(JOY, NONE),
      pairOfScores(NONE, ANGER_JOY),
      pairOfScores(NONE, NONE),
      pairOfScores(ANGER_JOY, ANGER_JOY),
    );
    expect(window.pairs).toEqual({
      ...noEvidence().pairs,
      pairs: 6,
      trafficPairs: 6,
      disagreements: 4,
      trafficDisagreements: 4,
      flips: { '0+2>1': 1, '0+2>0+1': 1, '1>': 1, '>0+1': 1 },
      gained: { 0: 1, 1: 3 },
      lost: { 0: 1, 1: 1, 2: 2 },
      scoreShiftMicro: 1e6 * (0.25 + 0.125 - 0.75 + 0.625),
      absoluteScoreShiftMicro: 1e6 * (0.25 + 0.125 + 0.75 + 0.625),
      squaredScoreShiftMicro: 1e6 * (0.25 ** 2 + 0.125 ** 2 + 0.75 ** 2 + 0.625 ** 2),
    });
  });

  it('take the distance as the task measures it', () => {
    const pair = pairOfScores(ANGER_LOVE, ANGER_LOVE);
    const window = seen({ ...pair, difference: { flip: false, distance: -0.5 } });
    expect(window.pairs).toMatchObject({
      disagreements: 0,
      scoreShiftMicro: -500_000,
      absoluteScoreShiftMicro: 500_000,
      squaredScoreShiftMicro: 250_000,
    });
  });

  it('flip where the task says so, also without another label', () => {
    const pair = pairOfScores(ANGER_LOVE, ANGER_LOVE);
    const window = seen({ ...pair, difference: { flip: true, distance: 0 } });
    expect(window.pairs).toMatchObject({ disagreements: 1, flips: { '0+2>0+2': 1 }, gained: {}, lost: {} });
  });

  it('with one label each are counted as ever: kind, gained and lost by the two top labels', () => {
    const answer = fc.record({ label: fc.nat(9), score: fc.double({ min: 0, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(answer, answer, (stable, canary) => {
        const { flips, gained, lost, disagreements } = seen(pairOf(stable, canary)).pairs;
        const flip = stable.label !== canary.label;
        expect(disagreements).toBe(flip ? 1 : 0);
        expect(flips).toEqual(flip ? { [`${stable.label}>${canary.label}`]: 1 } : {});
        expect(gained).toEqual(flip ? { [canary.label]: 1 } : {});
        expect(lost).toEqual(flip ? { [stable.label]: 1 } : {});
      }),
    );
  });

  it('add up and come back from JSON', () => {
    const scores = fc.array(fc.constantFrom(0, 0.5, 1), { minLength: 3, maxLength: 3 });
    const window = fc
      .array(fc.tuple(scores, scores), { maxLength: 8 })
      .map((list) => seen(...list.map(([stable, canary]) => pairOfScores(stable, canary))));
    fc.assert(
      fc.property(window, window, (a, b) => {
        const sum = mergeEvidence(a, b);
        expect(parseEvidence(json(sum))).toEqual(sum);
        expect(mergeEvidence(b, a)).toEqual(sum);
      }),
    );
  });

  it.each(['1', '1>2>3', '1+>2', '+1>2', '1>2+', '1++2>3', '-1>2', '1>x', '1 + 2>3', '1234567>1'])(
    'are not of the kind %j',
    (kind) => {
      const message = `evidence.pairs.flips.${kind}: unknown`;
      expect(() => parseEvidence({ pairs: { flips: { [kind]: 1 } } })).toThrow(message);
    },
  );
});

describe("users' own requests with several labels", () => {
  it('count for each label, and for none where a text has none', () => {
    const { canary } = noEvidence();
    recordOutcome(canary, { said: [0, 2], latencyMs: null });
    recordOutcome(canary, { said: [2], latencyMs: null });
    recordOutcome(canary, { said: [], latencyMs: null });
    recordOutcome(canary, { said: null, latencyMs: null });
    expect(canary).toMatchObject({ requests: 4, errors: 1, labels: { 0: 1, 2: 2 } });
  });
});

describe('what people see of several labels', () => {
  it('is their names joined, and none for a text without one', () => {
    const window = seen(
      pairOfScores(ANGER_LOVE, JOY),
      pairOfScores(JOY, NONE),
      pairOfScores(NONE, ANGER_JOY),
    );
    expect(windowFigures(window, NAMES).pairs.flips).toEqual({
      'anger+love>joy': 1,
      'joy>none': 1,
      'none>anger+joy': 1,
    });
    // Labels that the list does not name are shown by their places.
    expect(windowFigures(seen(pairOfScores(ANGER_LOVE, JOY)), ['anger']).pairs.flips).toEqual({
      'anger+2>1': 1,
    });
  });

  it('is a list of flips with the labels of both versions', () => {
    const evidence = new RolloutEvidence(1, true);
    evidence.addPair('from two to one', pairOfScores(ANGER_LOVE, JOY));
    evidence.addPair('from one to none', pairOfScores(JOY, NONE));
    evidence.addPair('from none to two', pairOfScores(NONE, ANGER_JOY));
    evidence.addPair('the same', pairOfScores(ANGER_JOY, ANGER_JOY));
    const views = flipViews(evidence.flips, NAMES);
    const labelsOf = views.map(({ text, stable_label: stable, canary_label: canary }) => [
      text,
      stable,
      canary,
    ]);
    expect(labelsOf.sort()).toEqual([
      ['from none to two', 'none', 'anger+joy'],
      ['from one to none', 'joy', 'none'],
      ['from two to one', 'anger+love', 'joy'],
    ]);
    const found = views.find(({ text }) => text === 'from two to one');
    expect(found).toMatchObject({ stable_score: 0.75, canary_score: 1, length: 15 });
    expect(Object.keys(found ?? {})).toEqual([
      'hash',
      'length',
      'stable_label',
      'canary_label',
      'stable_score',
      'canary_score',
      'text',
    ]);
  });
});

describe('an evidence document', () => {
  const documentOf = (...examples: unknown[]): unknown => ({
    ...(json(new RolloutEvidence(1, false).toDocument()) as object),
    examples,
  });
  const ONE_LABEL = {
    hash: '0123456789abcdef',
    stableLabel: 0,
    canaryLabel: 1,
    stableScore: 0.9,
    canaryScore: 0.8,
    length: 12,
    text: null,
  };

  it('of one label per text keeps its form, byte by byte', () => {
    const evidence = new RolloutEvidence(1, false);
    evidence.addPair('a text', pairOf({ label: 0, score: 0.75 }, { label: 1, score: 0.5 }));
    const { examples, total } = evidence.toDocument();
    expect(JSON.stringify(examples)).toBe(
      `[{"hash":"${examples[0]?.hash}","stableLabel":0,"canaryLabel":1,"stableScore":0.75,"canaryScore":0.5,"length":6,"text":null}]`,
    );
    expect(JSON.stringify(total.pairs)).toContain('"gained":{"1":1},"lost":{"0":1},"flips":{"0>1":1}');
  });

  it('of an earlier release is read', () => {
    const { examples } = parseDocument(documentOf(ONE_LABEL));
    expect(examples).toEqual([ONE_LABEL]);
    expect(flipViews(examples, NAMES)[0]).toMatchObject({ stable_label: 'anger', canary_label: 'joy' });
  });

  it('with several labels comes back as it was, and the other versions of it are refused', () => {
    const several = { ...ONE_LABEL, stableOthers: [2], canaryLabel: -1 };
    const { examples } = parseDocument(documentOf(several));
    expect(examples).toEqual([several]);
    expect(flipViews(examples, NAMES)[0]).toMatchObject({ stable_label: 'anger+love', canary_label: 'none' });
    for (const wrong of [
      { stableOthers: 2 },
      { canaryOthers: ['love'] },
      { stableOthers: null },
      { canaryOthers: [0.5] },
    ]) {
      expect(() => parseDocument(documentOf({ ...ONE_LABEL, ...wrong }))).toThrow('evidence.examples');
    }
  });

  it('keeps the first label and the others apart', () => {
    expect(exampleLabels([0, 2, 5], [])).toStrictEqual({
      stableLabel: 0,
      stableOthers: [2, 5],
      canaryLabel: -1,
    });
    expect(exampleLabels([3], [1, 4])).toStrictEqual({ stableLabel: 3, canaryLabel: 1, canaryOthers: [4] });
    expect(exampleLabels([3], [1])).toStrictEqual({ stableLabel: 3, canaryLabel: 1 });
  });
});
