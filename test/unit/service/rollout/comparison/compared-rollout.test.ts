import { expect, it } from 'vitest';
import { RolloutEvidence } from '../../../../../src/rollout/evidence/rollout-evidence.js';
import { DEFAULT_COMPARISON } from '../../../../../src/base/config/rollout-config.js';
import { isToBlame } from '../../../../../src/service/rollout/comparison/blame.js';
import { ComparedRollout } from '../../../../../src/service/rollout/comparison/compared-rollout.js';
import type { ModelVersion } from '../../../../../src/registry/model-version.js';
import { answerOf, labelVersion } from '../../../../support/label-versions.js';

const rolloutOf = (stable: ModelVersion, canary: ModelVersion): ComparedRollout =>
  new ComparedRollout(
    'r1',
    new RolloutEvidence(1, false),
    { stable, canary },
    { shadow: false, comparison: DEFAULT_COMPARISON },
    500,
  );

const stable = labelVersion({ version: 'v1', labels: ['NEGATIVE', 'POSITIVE'] });
const canary = labelVersion({ version: 'v2', labels: ['POSITIVE', 'MIXED', 'NEGATIVE'] });
const rollout = rolloutOf(stable, canary);

it('gives a label the same place for both versions, whatever their order', () => {
  const positive = rollout.answerOf('stable', answerOf(0.1, 0.9));
  expect(positive).toEqual({ said: [1], score: 0.9 });
  expect(rollout.answerOf('canary', answerOf(0.8, 0.1, 0.1))).toEqual({ ...positive, score: 0.8 });
  expect(rollout.answerOf('canary', answerOf(0.1, 0.1, 0.8))?.said).toEqual(
    rollout.answerOf('stable', answerOf(0.9, 0.1))?.said,
  );
  expect(rollout.answerOf('canary', answerOf(0.1, 0.8, 0.1))?.said).toEqual([2]);
  expect(rollout.answerOf('canary', null)).toBeNull();
});

it('holds both answers of a pair against each other by their own labels', () => {
  const negative = answerOf(0.75, 0.25);
  expect(rollout.pairOf({ stable: negative, canary: answerOf(0.25, 0.25, 0.5) })).toEqual({
    stable: { said: [0], score: 0.75 },
    canary: { said: [0], score: 0.5 },
    difference: { flip: false, distance: -0.25 },
  });
  expect(rollout.pairOf({ stable: negative, canary: answerOf(0.875, 0.125, 0) })).toEqual({
    stable: { said: [0], score: 0.75 },
    canary: { said: [1], score: 0.875 },
    difference: { flip: true, distance: 0.125 },
  });
});

it('has no difference where one of the versions failed', () => {
  const said = { said: [1], score: 0.75 };
  const positive = answerOf(0.25, 0.75);
  expect(rollout.pairOf({ stable: positive, canary: null })).toEqual({
    stable: said,
    canary: null,
    difference: null,
  });
  expect(rollout.pairOf({ stable: null, canary: answerOf(0.75, 0.25, 0) })).toEqual({
    stable: null,
    canary: said,
    difference: null,
  });
});

it('counts the labels of versions that give a text several, each by its own order', () => {
  const task = 'multi-label-classification';
  const several = rolloutOf(
    labelVersion({ version: 'v1', task, labels: ['anger', 'joy', 'love'] }),
    labelVersion({ version: 'v2', task, labels: ['love', 'fear', 'anger'] }),
  );
  const pair = several.pairOf({ stable: answerOf(0.5, 0.25, 0.75), canary: answerOf(0.625, 0.5, 0.125) });
  expect(pair).toEqual({
    stable: { said: [0, 2], score: 0.75 },
    canary: { said: [2, 3], score: 0.625 },
    difference: { flip: true, distance: -0.125 },
  });
  several.evidence.addPair('a text', pair);
  expect(several.evidence.windows(1).total.pairs).toMatchObject({
    pairs: 1,
    disagreements: 1,
    flips: { '0+2>2+3': 1 },
    gained: { 3: 1 },
    lost: { 0: 1 },
  });
});

it('knows its versions by their digests', () => {
  expect(rollout.sidesOf(stable)).toEqual(['stable']);
  expect(rollout.sidesOf(canary)).toEqual(['canary']);
  expect(rollout.sidesOf({ ...canary, digest: 'other files under the same name' })).toEqual([]);
});

it('compares what users were answered by: the canary, or in shadow mode the stable version', () => {
  expect(rollout.comparedSide).toBe('canary');
  rollout.limits = { shadow: true, comparison: DEFAULT_COMPARISON };
  expect(rollout.comparedSide).toBe('stable');
});

it('blames a version for what it did, not for how busy the service was', () => {
  expect(isToBlame('INFERENCE_FAILED')).toBe(true);
  expect(isToBlame('OVERLOADED')).toBe(false);
  expect(isToBlame('DEADLINE_EXCEEDED')).toBe(false);
  expect(isToBlame('VERSION_NOT_READY')).toBe(false);
});
