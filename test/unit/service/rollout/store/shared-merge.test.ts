import { describe, expect, it } from 'vitest';
import { clear, pause, promote, rollBack, setPercent } from '../../../../../src/rollout/rollout-machine.js';
import type { RolloutDocument } from '../../../../../src/rollout/rollout-types.js';
import { mergeRollouts } from '../../../../../src/service/rollout/store/shared-merge.js';
import { begun, by, done, ref } from '../../../rollout/documents.js';

const later = (name: 'admin' | 'ramp' | 'gate', minute: number): ReturnType<typeof by> => ({
  ...by(name),
  at: `2026-01-01T00:0${minute}:00.000Z`,
});

const running = begun({ percent: 5 });
const rolledBack = done(rollBack(running, later('admin', 1)));

describe('what is in force after an outage', () => {
  it('is what anybody knows when the others know nothing', () => {
    expect(mergeRollouts(null, null)).toBeNull();
    expect(mergeRollouts(null, running)).toBe(running);
    expect(mergeRollouts(running, null)).toBe(running);
  });

  it('is what the others hold when they went on from what is known here', () => {
    const paused = done(pause(running, later('admin', 2)));
    expect(mergeRollouts(paused, running)).toBe(paused);
    expect(mergeRollouts(running, running)).toBe(running);
  });

  it('is what is known here when the others hold an older state', () => {
    expect(mergeRollouts(running, rolledBack)).toBe(rolledBack);
    const cleared = done(clear(rolledBack, later('admin', 2)));
    expect(mergeRollouts(rolledBack, cleared)).toBe(cleared);
  });

  it('is a rollback that was made here, made again on whatever the others did to the same version', () => {
    const moves: readonly RolloutDocument[] = [
      done(promote(running, later('ramp', 2))),
      done(setPercent(running, 50, later('admin', 2))),
      done(pause(done(setPercent(running, 50, later('admin', 2))), later('admin', 3))),
    ];
    for (const theirs of moves) {
      const merged = mergeRollouts(theirs, rolledBack);
      expect(merged).toMatchObject({
        phase: 'rolled_back',
        percent: 0,
        stable: ref('v1'),
        canary: ref('v2'),
      });
      expect(merged?.revision).toBe(theirs.revision + 1);
      expect(merged?.rolled_back.map(({ version }) => version)).toEqual(['v2']);
      expect(merged?.history.at(-1)).toMatchObject({ move: 'roll_back', at: '2026-01-01T00:01:00.000Z' });
    }
  });

  it('is a share of 0 that was set here, set again on whatever the others did to the same version', () => {
    const held = done(setPercent(running, 0, later('admin', 1)));
    const more = done(setPercent(running, 50, later('admin', 2)));
    for (const theirs of [more, done(pause(more, later('admin', 3)))]) {
      expect(mergeRollouts(theirs, held)).toMatchObject({ phase: 'idle', percent: 0, rolled_back: [] });
    }
    const promoted = done(promote(running, later('ramp', 2)));
    expect(mergeRollouts(promoted, held)).toMatchObject({ phase: 'rolled_back', stable: ref('v1') });
    const gone = done(rollBack(more, later('gate', 3)));
    expect(mergeRollouts(gone, held)).toBe(gone);
  });

  it('leaves another canary alone, and remembers that this one is bad', () => {
    const other = begun({ rolloutId: 'r2', canary: ref('v3'), percent: 10 }, running);
    const merged = mergeRollouts(other, rolledBack);
    expect(merged).toMatchObject({ phase: 'running', canary: ref('v3'), percent: 10 });
    expect(merged?.rolled_back.map(({ version }) => version)).toEqual(['v2']);
  });

  it('does not repeat a rollback that the others have been through and cleared', () => {
    const cleared = done(clear(rolledBack, later('admin', 2)));
    expect(mergeRollouts(cleared, rolledBack)).toBe(cleared);
  });

  it('is never older than what is in force here', () => {
    const local = done(pause(done(setPercent(running, 0.5, later('admin', 1))), later('admin', 2)));
    const theirs = done(setPercent(running, 50, later('ramp', 2)));
    const merged = mergeRollouts(theirs, local);
    expect(merged).toMatchObject({ phase: 'running', percent: 50, revision: local.revision });
  });
});
