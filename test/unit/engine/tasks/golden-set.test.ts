import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/base/errors/app-error.js';
import {
  compareWithGolden,
  type GoldenOutcome,
  type GoldenSet,
  pickGolden,
} from '../../../../src/engine/tasks/golden-set.js';
import { labelVersion } from '../../../support/label-versions.js';
import type { ParityItem } from '../../../../src/engine/tokenization/parity.js';

const item = (group: string, tokens: number, scores = [0.2, 0.8]): ParityItem => ({
  text: `${group} ${tokens}`,
  group,
  ids: Array<number>(tokens).fill(1),
  truncated: false,
  label: 'P',
  scores,
});
const version = labelVersion({ labels: ['N', 'P'] });
const golden: GoldenSet = { items: [item('a', 3), item('b', 4)], version, tolerance: 0.001 };
const answer = (tokens: number, scores: number[]): GoldenOutcome => ({
  ok: true,
  answer: { value: { scores }, tokens, truncated: false },
});

describe('golden texts', () => {
  it('that come out as recorded are up', () => {
    const result = compareWithGolden(golden, [answer(3, [0.2, 0.8]), answer(4, [0.2005, 0.7995])]);
    expect(result).toMatchObject({ status: 'up', texts: 2, reason: null });
    expect(result.maxScoreDifference).toBeCloseTo(0.0005, 9);
  });

  it('that are further off than the tolerance, with the same label, are degraded', () => {
    const result = compareWithGolden(golden, [answer(3, [0.2, 0.8]), answer(4, [0.21, 0.79])]);
    expect(result).toMatchObject({
      status: 'degraded',
      reason: expect.stringMatching(/0\.010? .*0\.001/) as string,
    });
  });

  it('that change their label, their tokens, or fail are down', () => {
    const failed: GoldenOutcome = { ok: false, error: new AppError('INFERENCE_FAILED', 'x') };
    const flipped = compareWithGolden(golden, [answer(3, [0.2, 0.8]), answer(4, [0.8, 0.2])]);
    expect(flipped).toMatchObject({ status: 'down', reason: 'b: not P' });
    const otherTokens = compareWithGolden(golden, [answer(2, [0.2, 0.8]), answer(4, [0.2, 0.8])]);
    expect(otherTokens).toMatchObject({ status: 'down', reason: 'a: 2 tokens instead of 3' });
    const broken = compareWithGolden(golden, [answer(3, [0.2, 0.8]), failed]);
    expect(broken).toMatchObject({ status: 'down', reason: 'b: INFERENCE_FAILED' });
    expect(compareWithGolden(golden, []).status).toBe('down');
  });

  it('are down when the manifest has the labels in another order, though every score is right', () => {
    const swapped = { ...golden, version: labelVersion({ labels: ['P', 'N'] }) };
    const result = compareWithGolden(swapped, [answer(3, [0.2, 0.8]), answer(4, [0.2, 0.8])]);
    expect(result).toMatchObject({ status: 'down', reason: 'a: not P; b: not P' });
  });

  it('with several labels are down when a label crosses its threshold, and only then', () => {
    const several = labelVersion({
      task: 'multi-label-classification',
      labels: ['N', 'P', 'Q'],
      thresholds: { Q: 0.3 },
    });
    const set: GoldenSet = { items: [item('a', 3, [0.1, 0.8, 0.31])], version: several, tolerance: 0.1 };
    // Another label is the highest, and the labels that the text has are the same.
    const same = compareWithGolden(set, [answer(3, [0.1, 0.75, 0.76])]);
    expect(same).toMatchObject({ status: 'degraded' });
    const lost = compareWithGolden(set, [answer(3, [0.1, 0.8, 0.29])]);
    expect(lost).toMatchObject({ status: 'down', reason: 'a: not P+Q' });
  });

  it('are few, short, and of different kinds', () => {
    const items = ['a', 'b', 'c', 'd', 'e'].flatMap((group) => [
      item(group, 200),
      item(group, 10),
      item(group, 11),
    ]);
    const set = pickGolden({ schema_version: 1, tolerance: 0.01, items }, version);
    expect(set.items.map(({ group }) => group)).toEqual(['a', 'b', 'c', 'd']);
    expect(set.items.every(({ ids }) => ids.length <= 64)).toBe(true);
    expect(set.tolerance).toBe(0.01);
    expect(
      pickGolden({ schema_version: 1, tolerance: 1, items: [item('a', 200)] }, version).items,
    ).toHaveLength(1);
  });
});
