import { describe, expect, it } from 'vitest';
import { endOf, isUnfinished } from '../../../../src/rollout/report/rollout-end.js';
import {
  clear,
  pause,
  promote,
  rollBack,
  setPercent,
  start,
} from '../../../../src/rollout/rollout-machine.js';
import type { RolloutDocument } from '../../../../src/rollout/rollout-types.js';
import { begun, by, done, fresh, ref } from '../documents.js';

const admin = by('admin');
const back = done(rollBack(begun(), by('gate')));
const cleared = done(clear(back, admin));

/** Another rollout of the same pair. */
const again = (before: RolloutDocument): RolloutDocument =>
  done(
    start(
      before,
      {
        rolloutId: 'r2',
        stable: before.stable,
        canary: ref('v2'),
        percent: 1,
        mode: 'manual',
        steps: before.steps,
        forced: false,
        origin: { by: 'admin', canary_percent: null },
        configuration: before.configuration,
      },
      admin,
    ),
  );

describe('a rollout that another one follows', () => {
  it('has had its end when it was taken out or promoted, also once that is cleared', () => {
    const promoted = done(promote(begun(), admin));
    for (const ended of [back, cleared, promoted, done(clear(promoted, admin))]) {
      expect(isUnfinished(ended)).toBe(false);
    }
  });

  it('is unfinished while its canary may get a share, and where it never had an end', () => {
    const off = done(setPercent(begun(), 0, admin));
    for (const going of [begun(), done(pause(begun(), admin)), off]) expect(isUnfinished(going)).toBe(true);
    expect(isUnfinished(fresh())).toBe(false);
  });

  it('is unfinished again when its canary got a share after the end', () => {
    const going = done(setPercent(cleared, 5, admin));
    expect(isUnfinished(going)).toBe(true);
    expect(isUnfinished(done(setPercent(going, 0, admin)))).toBe(true);
  });

  it('knows nothing of how the rollout before it ended', () => {
    const next = again(cleared);
    expect(endOf(cleared)?.move).toBe('roll_back');
    expect(endOf(next)).toBeUndefined();
    expect(isUnfinished(done(setPercent(next, 0, admin)))).toBe(true);
  });
});
