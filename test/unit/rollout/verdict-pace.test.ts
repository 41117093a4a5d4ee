import { describe, expect, it } from 'vitest';
import { VerdictPace, WINDOW_MS } from '../../../src/rollout/verdict-pace.js';

/** The samples after so many seconds of even traffic. */
const at = (seconds: number, pairsPerS: number, answersPerS: number): { pairs: number; answers: number } => ({
  pairs: seconds * pairsPerS,
  answers: seconds * answersPerS,
});

/** Notes every second of even traffic, and returns the estimate at its end. */
function after(seconds: number, pairsPerS: number, answersPerS: number, minimum = 500) {
  const pace = new VerdictPace();
  for (let s = 0; s <= seconds; s++) pace.note(at(s, pairsPerS, answersPerS), s * 1000);
  return pace.estimate(at(seconds, pairsPerS, answersPerS), minimum, seconds * 1000);
}

describe('the time to a verdict', () => {
  it('is that of the samples that take longer, at the rate of the last minutes', () => {
    expect(after(60, 1, 4)).toEqual({
      ms: 440_000,
      pairs_left: 440,
      answers_left: 260,
      pairs_per_minute: 60,
      answers_per_minute: 240,
    });
    expect(after(60, 4, 1).ms).toBe(440_000);
    // Long before the window is full, and long after.
    expect(after(4, 1, 1).ms).toBe(496_000);
    expect(after(400, 1, 1).ms).toBe(100_000);
  });

  it('is 0 when there are enough samples', () => {
    expect(after(500, 1, 1)).toMatchObject({ ms: 0, pairs_left: 0, answers_left: 0 });
    const full = new VerdictPace().estimate({ pairs: 500, answers: 900 }, 500, 0);
    expect(full).toMatchObject({ ms: 0, pairs_per_minute: null });
  });

  it('is unknown when nothing comes, or only what is not missing', () => {
    expect(after(60, 0, 0)).toMatchObject({ ms: null, pairs_per_minute: 0 });
    expect(after(60, 0, 10)).toMatchObject({ ms: null, pairs_left: 500, answers_left: 0 });
  });

  it('is unknown before a second has been measured', () => {
    const pace = new VerdictPace();
    expect(pace.estimate({ pairs: 3, answers: 3 }, 500, 0)).toMatchObject({
      ms: null,
      pairs_per_minute: null,
    });
    pace.note({ pairs: 0, answers: 0 }, 0);
    expect(pace.estimate({ pairs: 3, answers: 3 }, 500, 999).ms).toBeNull();
    expect(pace.estimate({ pairs: 3, answers: 3 }, 500, 1000).ms).toBe(165_667);
  });

  it('forgets the traffic of before the window: it is unknown again after five minutes of silence', () => {
    const pace = new VerdictPace();
    for (let s = 0; s <= 100; s++) pace.note(at(s, 1, 1), s * 1000);
    for (let s = 101; s <= 400; s++) pace.note(at(100, 1, 1), s * 1000);
    expect(pace.estimate(at(100, 1, 1), 500, 401_000)).toMatchObject({ ms: null, pairs_per_minute: 0 });
    // A process that was stopped for longer than the window knows nothing.
    expect(pace.estimate(at(100, 1, 1), 500, 400_000 + 2 * WINDOW_MS).pairs_per_minute).toBeNull();
  });
});
