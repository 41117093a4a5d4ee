import { expect, it } from 'vitest';
import { RolloutEvidence } from '../../../../../src/rollout/evidence/rollout-evidence.js';
import { DEFAULT_COMPARISON } from '../../../../../src/base/config/rollout-config.js';
import type { ModelVersion } from '../../../../../src/registry/model-version.js';
import { isToBlame } from '../../../../../src/service/rollout/comparison/blame.js';
import { ComparedRollout } from '../../../../../src/service/rollout/comparison/compared-rollout.js';

const version = (name: string, labels: readonly string[]): ModelVersion =>
  ({ model: 'm', version: name, digest: name, manifest: { labels } }) as unknown as ModelVersion;

const stable = version('v1', ['NEGATIVE', 'POSITIVE']);
const canary = version('v2', ['POSITIVE', 'MIXED', 'NEGATIVE']);
const rollout = new ComparedRollout(
  'r1',
  new RolloutEvidence(1, false),
  { stable, canary },
  { shadow: false, comparison: DEFAULT_COMPARISON },
);

it('gives a label the same place for both versions, whatever their order', () => {
  const positive = rollout.answerOf('stable', [0.1, 0.9]);
  expect(rollout.answerOf('canary', [0.8, 0.1, 0.1])).toEqual({ ...positive, score: 0.8 });
  expect(rollout.answerOf('canary', [0.1, 0.1, 0.8]).label).toBe(
    rollout.answerOf('stable', [0.9, 0.1]).label,
  );
  expect(rollout.answerOf('canary', [0.1, 0.8, 0.1]).label).toBe(2);
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
