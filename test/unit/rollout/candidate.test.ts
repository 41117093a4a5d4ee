import { describe, expect, it } from 'vitest';
import { candidateOf } from '../../../src/rollout/candidate.js';
import { isRolloutDocument } from '../../../src/rollout/rollout-document.js';
import { rollBack, start } from '../../../src/rollout/rollout-machine.js';
import type { CandidateRef, RolloutDocument } from '../../../src/rollout/rollout-types.js';
import { takeOutAgain } from '../../../src/rollout/take-out-again.js';
import { whoDecides } from '../../../src/rollout/who-decides.js';
import { mergeRollouts } from '../../../src/service/rollout/store/shared-merge.js';
import { candidateDocument, policyRef } from '../../support/candidates.js';
import { begun, by, done, ref, wish } from './documents.js';

const under = (policy: string): CandidateRef => ({ ...ref('v1'), policy: policyRef(policy) });

/** v1 under policy a is stable, and the same v1 under policy b is the canary. */
const running = candidateDocument({ stable: under('a'), canary: under('b'), configuration: 'x' });
const back = done(rollBack(running, by('admin')));

const beginWith = (canary: CandidateRef, before: RolloutDocument): RolloutDocument =>
  begun({ stable: under('a'), canary, percent: 5 }, before);

describe('two candidates of one version', () => {
  it('have digests of their own, and one without a policy has that of its version', () => {
    const digests = [ref('v1'), under('a'), under('b'), { ...ref('v2'), policy: policyRef('a') }].map(
      (each) => candidateOf(each).digest,
    );
    expect(new Set(digests).size).toBe(4);
    expect(digests[0]).toBe(ref('v1').digest);
    expect(digests[1]).toMatch(/^[0-9a-f]{64}$/);
    expect(candidateOf(ref('v1'))).toEqual({ version: ref('v1'), policy: null, digest: ref('v1').digest });
  });

  it('are rolled back apart: the bad policy gets nothing, another one of the same version does', () => {
    expect(beginWith(under('b'), back)).toMatchObject({ phase: 'rolled_back', percent: 0 });
    expect(beginWith(under('c'), back)).toMatchObject({ phase: 'running', percent: 5 });
    expect(beginWith(ref('v1'), back)).toMatchObject({ phase: 'running', percent: 5 });
    const second = done(rollBack(beginWith(under('c'), back), by('admin')));
    expect(second.rolled_back).toMatchObject([under('b'), under('c')]);
  });

  it('are decided about apart', () => {
    const percentOf = (document: RolloutDocument): number =>
      whoDecides({
        document,
        stableExists: true,
        unjudged: false,
        canaryPercent: null,
        file: wish({ fingerprint: document.configuration }),
      }).decision.percent;
    const next = beginWith(under('c'), back);
    expect(percentOf({ ...next, moved: true })).toBe(5);
    expect(percentOf({ ...next, moved: true, canary: under('b') })).toBe(0);
  });

  it('are told apart where replicas meet: a rollback of one does not take the other out', () => {
    const theirs = { ...beginWith(under('c'), running), revision: running.revision + 1 };
    expect(takeOutAgain(theirs, back)).toBe(theirs);
    expect(takeOutAgain({ ...theirs, canary: under('b') }, back).phase).toBe('rolled_back');
    const merged = mergeRollouts(theirs, back);
    expect(merged).toMatchObject({ phase: 'running', canary: under('c'), rolled_back: [under('b')] });
  });

  it('leave the way back of a promotion when another policy becomes stable', () => {
    const promoted: RolloutDocument = { ...running, stable: under('b'), canary: null, last_good: under('a') };
    const request = { ...running, rolloutId: 'r2', canary: ref('v2') };
    expect(done(start(promoted, { ...request, stable: under('b') }, by('admin'))).last_good).toEqual(
      under('a'),
    );
    expect(done(start(promoted, { ...request, stable: under('c') }, by('admin'))).last_good).toBeNull();
  });
});

describe('the state of a rollout', () => {
  const written = (document: RolloutDocument): unknown => JSON.parse(JSON.stringify(document));

  it('has no word of policies where there are none, so that it is as an older replica writes it', () => {
    expect(JSON.stringify(done(rollBack(begun(), by('admin'))))).not.toContain('policy');
    expect(isRolloutDocument(written(begun()), 'sentiment')).toBe(true);
  });

  it('is read with its policies, and refused with what is none', () => {
    expect(isRolloutDocument(written(back), 'sentiment')).toBe(true);
    const named = { ...running, canary: { ...ref('v1'), policy: null } };
    expect(isRolloutDocument(written(named), 'sentiment')).toBe(true);
    expect(candidateOf(named.canary)).toEqual(candidateOf(ref('v1')));
    for (const policy of ['b', {}, { name: 'b' }, { name: 'b', digest: 1 }]) {
      const canary = { ...ref('v1'), policy } as unknown as CandidateRef;
      expect(isRolloutDocument(written({ ...running, canary }), 'sentiment')).toBe(false);
    }
  });
});
