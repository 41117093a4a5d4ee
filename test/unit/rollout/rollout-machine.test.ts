import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clear,
  HISTORY_MOVES,
  type MoveContext,
  type MoveResult,
  nextPercent,
  nextStep,
  pause,
  promote,
  resume,
  rollBack,
  setPercent,
  stepInForce,
} from '../../../src/rollout/rollout-machine.js';
import type { RolloutDocument } from '../../../src/rollout/rollout-types.js';
import { isRolloutDocument } from '../../../src/rollout/rollout-document.js';
import { begun, by, done, fresh, ref } from './documents.js';

const admin = by('admin');

describe('moves of a rollout', () => {
  it('go through the steps of the plan to the promotion', () => {
    let document = begun();
    const shares = [document.percent];
    while (nextPercent(document) !== null) {
      document = done(nextStep(document, by('ramp')));
      shares.push(document.percent);
    }
    expect(shares).toEqual([1, 5, 25, 50, 100]);
    expect(document.visit).toBe(5);
    expect(stepInForce(document)).toBe(4);
    expect(done(promote(document, by('ramp')))).toMatchObject({
      phase: 'promoted',
      stable: ref('v2'),
      canary: null,
      last_good: ref('v1'),
      percent: 0,
    });
  });

  it('begin each step with no time spent, and keep the time through a pause', () => {
    const half = { ...begun(), elapsed_in_step_ms: 500 };
    const paused = done(pause(half, admin));
    expect([paused.phase, paused.percent, paused.elapsed_in_step_ms]).toEqual(['paused', 1, 500]);
    expect(done(resume(paused, admin)).elapsed_in_step_ms).toBe(500);
    expect(done(nextStep(half, by('ramp'))).elapsed_in_step_ms).toBe(0);
    expect(done(setPercent(half, 10, admin)).elapsed_in_step_ms).toBe(0);
  });

  it('lead back: a rollback takes the canary out, and after a promotion the former stable version answers', () => {
    expect(done(rollBack(begun(), admin))).toMatchObject({
      phase: 'rolled_back',
      percent: 0,
      stable: ref('v1'),
      canary: ref('v2'),
      rolled_back: [{ version: 'v2', reason: 'because' }],
    });
    const promoted = done(promote(begun(), admin));
    expect(done(rollBack(promoted, admin))).toMatchObject({
      phase: 'rolled_back',
      percent: 0,
      stable: ref('v1'),
      canary: ref('v2'),
      last_good: null,
    });
  });

  it('give a digest nothing after its rollback, in this rollout and the next, until clear', () => {
    const bad = done(rollBack(begun(), admin));
    const refused = setPercent(bad, 5, admin);
    expect(refused.kind === 'refused' && refused.sentence).toMatch(/"serin canary clear sentiment" .* first/);
    expect(setPercent(bad, 0, admin)).toEqual({ kind: 'unchanged' });
    const again = begun({ percent: 50, rolloutId: 'r2' }, bad);
    expect([again.phase, again.percent]).toEqual(['rolled_back', 0]);
    const other = begun({ percent: 50, rolloutId: 'r2', canary: ref('v3') }, bad);
    expect([other.phase, other.percent]).toEqual(['running', 50]);
    const cleared = done(clear(bad, admin));
    expect([cleared.phase, cleared.percent, cleared.rolled_back]).toEqual(['idle', 0, []]);
    expect(done(setPercent(cleared, 5, admin))).toMatchObject({ phase: 'running', percent: 5 });
  });

  it('keep a pause when the share changes, until it is 0', () => {
    const paused = done(pause(begun({ percent: 25 }), admin));
    expect(done(setPercent(paused, 5, admin))).toMatchObject({ phase: 'paused', percent: 5 });
    expect(setPercent(paused, 25, admin)).toEqual({ kind: 'unchanged' });
    expect(done(setPercent(paused, 0, admin))).toMatchObject({ phase: 'idle', percent: 0 });
  });

  it.each<[string, (document: RolloutDocument) => MoveResult, RegExp]>([
    [
      'resume of a running one that was promoted',
      (d) => resume(done(promote(d, admin)), admin),
      /v2 was promoted/,
    ],
    ['pause of a rolled back one', (d) => pause(done(rollBack(d, admin)), admin), /v2 was rolled back/],
    ['promotion of a rolled back one', (d) => promote(done(rollBack(d, admin)), admin), /canary clear/],
    ['clear of nothing', (d) => clear(d, admin), /nothing was rolled back/],
    ['a share without a canary', (d) => setPercent({ ...d, canary: null }, 5, admin), /name the version/],
    ['rollback without a canary', (d) => rollBack({ ...d, canary: null }, admin), /There is no canary/],
    ['promotion without a canary', (d) => promote({ ...d, canary: null }, admin), /There is no canary/],
  ])('refuse %s, with a sentence', (_, make, sentence) => {
    const result = make(begun());
    expect(result).toMatchObject({ kind: 'refused' });
    if (result.kind === 'refused') expect(result.sentence).toMatch(sentence);
  });

  it('that change nothing are no moves: a rollback may be sent twice', () => {
    expect(rollBack(done(rollBack(begun(), admin)), admin)).toEqual({ kind: 'unchanged' });
    expect(pause(done(pause(begun(), admin)), admin)).toEqual({ kind: 'unchanged' });
    expect(promote(done(promote(begun(), admin)), admin)).toEqual({ kind: 'unchanged' });
    expect(setPercent(begun(), 1, admin)).toEqual({ kind: 'unchanged' });
  });

  it('are remembered, the last of them', () => {
    let document = begun();
    for (let i = 0; i < 2 * HISTORY_MOVES; i++) document = done(setPercent(document, 2 - (i % 2), admin));
    expect(document.history.length).toBe(HISTORY_MOVES);
    expect(document.history.at(-1)?.revision).toBe(document.revision);
  });

  it('end the shadow when an admin gives users the canary', () => {
    const shadow = begun({ mode: 'shadow', percent: 0 });
    expect(shadow).toMatchObject({ phase: 'running', percent: 0 });
    expect(done(setPercent(shadow, 5, admin))).toMatchObject({
      phase: 'running',
      percent: 5,
      mode: 'manual',
    });
  });

  it('in any order count revisions by one, keep the history bounded, and never leave a torn state', () => {
    type Made = (document: RolloutDocument, context: MoveContext) => MoveResult;
    const moves: Made[] = [
      ...[0, 1, 7.25, 100].map(
        (percent): Made =>
          (d, c) =>
            setPercent(d, percent, c),
      ),
      nextStep,
      pause,
      resume,
      promote,
      rollBack,
      clear,
    ];
    fc.assert(
      fc.property(fc.array(fc.nat(moves.length - 1), { maxLength: 120 }), (picks) => {
        let document = begun();
        for (const pick of picks) {
          const result = moves[pick]?.(document, admin);
          if (result?.kind !== 'moved') continue;
          const before = document;
          document = result.document;
          expect(document.revision).toBe(before.revision + 1);
          expect(document.history.at(-1)).toMatchObject({ revision: document.revision });
          expect(document.history.length).toBeLessThanOrEqual(HISTORY_MOVES);
          expect(document.canary?.digest).not.toBe(document.stable.digest);
          if (document.phase !== 'running' && document.phase !== 'paused') expect(document.percent).toBe(0);
          expect(isRolloutDocument(JSON.parse(JSON.stringify(document)), 'sentiment')).toBe(true);
        }
      }),
    );
  });
});

describe('a state that nobody moved', () => {
  it('is idle at 0 %, of revision 0', () => {
    expect(fresh()).toMatchObject({ phase: 'idle', percent: 0, revision: 0, history: [] });
  });
});
