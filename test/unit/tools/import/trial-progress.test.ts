import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TrialProgress } from '../../../../src/tools/import/trial-progress.js';

let runner: { answeredTexts: number; loadMs: number | null };
let said: string[];
let progress: TrialProgress;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  runner = { answeredTexts: 0, loadMs: null };
  said = [];
  progress = new TrialProgress(runner, (sentence) => said.push(sentence));
});
afterEach(() => {
  progress.stop();
  vi.useRealTimers();
});

it('a trial says every ten seconds how far it is, also while nothing is answered', () => {
  progress.begin('each text alone', 140);
  vi.advanceTimersByTime(25_000);
  runner = Object.assign(runner, { loadMs: 24_000, answeredTexts: 7 });
  vi.advanceTimersByTime(10_000);
  progress.begin('in batches and padded', null);
  runner.answeredTexts = 10;
  vi.advanceTimersByTime(10_000);
  expect(said).toEqual([
    'the model is being loaded and warmed up (10 s so far)',
    'the model is being loaded and warmed up (20 s so far)',
    'each text alone: 7 of 140 texts (30 s so far)',
    'in batches and padded: 3 texts (40 s so far)',
  ]);
  progress.stop();
  vi.advanceTimersByTime(60_000);
  expect(said).toHaveLength(4);
});
