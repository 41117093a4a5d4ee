import { describe, expect, it } from 'vitest';
import { noEvidence, type Evidence } from '../../../../src/rollout/evidence/counts.js';
import { isUnjudged } from '../../../../src/rollout/gates/unjudged.js';
import { evidenceOf, rowOf } from '../../../support/gate-evidence.js';
import { decide } from '../../../../src/rollout/gates/verdict.js';
import { SETTINGS, STEP } from '../../../support/gate-evidence.js';

function step(requests: number, pairs: Partial<Evidence['pairs']> = {}): Evidence {
  const evidence = noEvidence();
  evidence.canary.requests = requests;
  Object.assign(evidence.pairs, pairs);
  return evidence;
}

describe('a canary', () => {
  it('is unjudged beyond 200 answers in a step without any pair', () => {
    expect(isUnjudged([step(200)])).toBe(false);
    expect(isUnjudged([step(201)])).toBe(true);
  });

  it('is judged by a single pair of any kind: of a repeated text, or one that one side failed', () => {
    expect(isUnjudged([step(1000, { trafficPairs: 1 })])).toBe(false);
    expect(isUnjudged([step(1000, { canaryOnlyErrors: 1 })])).toBe(false);
    expect(isUnjudged([step(1000, { stableOnlyErrors: 1 })])).toBe(false);
  });

  it('is judged by the pairs of any replica, and unjudged by the answers of all together', () => {
    expect(isUnjudged([step(1000), step(0, { trafficPairs: 1 })])).toBe(false);
    expect(isUnjudged([step(101), step(100)])).toBe(true);
  });

  it('takes no next step while it is unjudged, whatever the steps before have shown', () => {
    const evidence = { ...evidenceOf(), step: step(9000) };
    expect(rowOf('minimum_samples', evidence)).toMatchObject({
      state: 'not_enough_data',
      sentence: expect.stringMatching(/None of the answers in this step was compared\.$/) as string,
    });
    expect(decide(evidence, SETTINGS, STEP)).toBe('not_enough_data');
    expect(decide({ ...evidence, step: step(9000, { trafficPairs: 1 }) }, SETTINGS, STEP)).toBe('promote');
  });
});
