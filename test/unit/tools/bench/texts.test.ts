import { describe, expect, it } from 'vitest';
import { REPEATED_TEXTS, Traffic, patternsFor } from '../../../../src/tools/bench/bench-texts.js';

const SENTENCES = Array.from(
  { length: 40 },
  (_, i) => `a film of ${'many '.repeat(i % 12)}scenes number ${String(i)}`,
);
const OPTIONS = { patterns: SENTENCES, sendPatterns: false, hitShare: 0, seed: 1 };
const take = (next: () => string, n: number): string[] => Array.from({ length: n }, () => next());

describe('texts', () => {
  it('are sent once each, in any turn, and are none of the sentences they are made of', () => {
    const traffic = new Traffic(OPTIONS);
    const sent = [0, 1, 2].flatMap((turn) => take(traffic.turn(turn)(), 500));
    expect(new Set(sent).size).toBe(1500);
    expect(sent.filter((text) => SENTENCES.includes(text))).toEqual([]);
  });

  it('are the same for two that take turns, also when the second gets further', () => {
    const traffic = new Traffic({ ...OPTIONS, hitShare: 0.3 });
    const stream = traffic.turn(5);
    const [first, second] = [take(stream(), 50), take(stream(), 80)];
    expect(second.slice(0, 50)).toEqual(first);
    const next = take(traffic.turn(6)(), 200).filter((text) => !traffic.repeated.includes(text));
    expect(next.filter((text) => second.includes(text))).toEqual([]);
  });

  it('are the same for the same seed alone', () => {
    const of = (seed: number): string[] => take(new Traffic({ ...OPTIONS, seed }).turn(0)(), 100);
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });

  it('repeat as often as asked for, out of those that are sent before', () => {
    const traffic = new Traffic({ ...OPTIONS, hitShare: 0.5 });
    expect(new Set(traffic.repeated).size).toBe(REPEATED_TEXTS);
    const sent = take(traffic.turn(0)(), 4000);
    const hits = sent.filter((text) => traffic.repeated.includes(text)).length;
    // Four standard errors of a half in 4,000.
    expect(Math.abs(hits / 4000 - 0.5)).toBeLessThan(0.032);
    expect(new Traffic(OPTIONS).repeated).toEqual([]);
  });

  it('of one’s own are sent as they are, and varied when they run out', () => {
    const traffic = new Traffic({ ...OPTIONS, sendPatterns: true });
    const sent = take(traffic.turn(0)(), 60);
    expect(sent.slice(0, 40)).toEqual(SENTENCES);
    expect(new Set(sent).size).toBe(60);
  });
});

describe('the lengths of texts', () => {
  const words = (texts: readonly string[]): number[] => texts.map((text) => text.split(' ').length);

  it('are those of few words, of all, or of paragraphs', () => {
    const short = patternsFor('short', SENTENCES);
    expect(short.length).toBeGreaterThan(0);
    expect(Math.max(...words(short))).toBeLessThanOrEqual(8);
    expect(patternsFor('mixed', SENTENCES)).toEqual(SENTENCES);
    const long = patternsFor('long', SENTENCES);
    expect(long).toHaveLength(8);
    expect(Math.min(...words(long))).toBeGreaterThan(Math.max(...words(SENTENCES)));
  });

  it('are all there are where none is short', () => {
    const one = ['one two three four five six seven eight nine'];
    expect(patternsFor('short', one)).toEqual(one);
  });
});
