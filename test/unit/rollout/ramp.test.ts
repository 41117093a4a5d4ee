import { describe, expect, it } from 'vitest';
import { rampAction, stepInfoOf, tickMs } from '../../../src/rollout/ramp.js';
import { pause, setPercent } from '../../../src/rollout/rollout-machine.js';
import type { RolloutDocument } from '../../../src/rollout/rollout-types.js';
import { begun, by, done } from './documents.js';

const held = (ms: number, document = begun()): RolloutDocument => ({ ...document, elapsed_in_step_ms: ms });

describe('the ramp', () => {
  it('goes on when the step is over and the gates pass, and not before', () => {
    expect(rampAction(held(999), 'auto', 'promote')).toBe('none');
    expect(rampAction(held(1000), 'auto', 'promote')).toBe('next_step');
    expect(rampAction(held(1000), 'auto', 'hold')).toBe('none');
    expect(rampAction(held(1000), 'auto', 'not_enough_data')).toBe('none');
  });

  it('ends with the promotion', () => {
    const last = held(1000, done(setPercent(begun(), 100, by('admin'))));
    expect(rampAction(last, 'auto', 'promote')).toBe('promote');
  });

  it('takes a bad canary out at once, paused or not', () => {
    const paused = done(pause(begun(), by('admin')));
    expect(rampAction(held(0), 'auto', 'roll_back')).toBe('roll_back');
    expect(rampAction(paused, 'auto', 'roll_back')).toBe('roll_back');
    expect(rampAction(held(5000, paused), 'auto', 'promote')).toBe('none');
  });

  it('only shows when it is not automatic', () => {
    for (const mode of ['manual', 'shadow'] as const) {
      expect(rampAction(held(1000), mode, 'promote')).toBe('none');
      expect(rampAction(held(1000), mode, 'roll_back')).toBe('none');
    }
  });

  it('goes on from a share that an admin has set between two steps', () => {
    const between = done(setPercent(begun(), 7, by('admin')));
    expect(stepInfoOf(between)).toMatchObject({ nextPercent: 25, holdMs: 1000, visit: 2, shadow: false });
    expect(stepInfoOf(done(setPercent(begun(), 0.5, by('admin')))).nextPercent).toBe(1);
  });

  it('counts time that a suspended machine slept, or a clock that went back, as almost nothing', () => {
    expect(tickMs(1000, 2000.4)).toBe(1000);
    expect(tickMs(1000, 3_600_000)).toBe(5000);
    expect(tickMs(1000, 500)).toBe(0);
  });
});
