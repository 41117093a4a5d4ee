import { expect, it } from 'vitest';
import { StepFloor } from '../../../../../src/service/rollout/comparison/step-floor.js';

/** Gives a floor so many answers; each claimed one ends as `isPair` says. Returns the number of claims. */
function answer(floor: StepFloor, answers: number, isPair = true, isEnough = false): number {
  let claims = 0;
  for (let i = 0; i < answers; i++) {
    if (!floor.claim(isEnough)) continue;
    claims++;
    if (isPair) floor.paired();
    floor.ended();
  }
  return claims;
}

it('claims each of the first 50 answers, then one in 20', () => {
  const floor = new StepFloor(1);
  expect(answer(floor, 50)).toBe(50);
  expect(answer(floor, 19)).toBe(0);
  expect(answer(floor, 1)).toBe(1);
  expect(answer(floor, 200)).toBe(10);
});

it('claims none but the first 50 answers once the rollout has enough pairs', () => {
  const floor = new StepFloor(1);
  expect(answer(floor, 50, true, true)).toBe(50);
  expect(answer(floor, 1000, true, true)).toBe(0);
});

it('counts pairs and not tries: what could not be compared is owed to later answers', () => {
  const floor = new StepFloor(1);
  expect(answer(floor, 70, false)).toBe(70);
  // 50 for the first answers and 1 for the 20 after them; 2 more become due in the meantime.
  expect(answer(floor, 53)).toBe(53);
  expect(answer(floor, 6)).toBe(0);
  expect(answer(floor, 1)).toBe(1);
});

it('counts a pair that was made in spare time', () => {
  const floor = new StepFloor(1);
  for (let i = 0; i < 30; i++) floor.paired();
  expect(answer(floor, 50)).toBe(20);
});

it('claims no more than 50 at once, and no more than are owed while they wait', () => {
  const floor = new StepFloor(1);
  let claims = 0;
  for (let i = 0; i < 5000; i++) if (floor.claim(false)) claims++;
  expect(claims).toBe(50);
  floor.ended();
  expect([floor.claim(false), floor.claim(false)]).toEqual([true, false]);
});
