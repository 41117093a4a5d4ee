import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_VALUE_BYTES, decodeRow, encodeRow } from '../../../../src/service/cache/redis-value.js';

const score = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
const row = fc.record({
  scores: fc.array(score, { minLength: 1, maxLength: 40 }),
  tokens: fc.nat(100_000),
  truncated: fc.boolean(),
});

describe('a row in Redis', () => {
  it('comes back to the last bit', () => {
    fc.assert(
      fc.property(row, (written) => {
        expect(decodeRow(encodeRow(written), written.scores.length)).toEqual(written);
      }),
    );
  });

  it('is short', () => {
    const written = { scores: [0.00012345678, 0.99987654322], tokens: 25, truncated: false };
    expect(encodeRow(written)).toBe('[1,25,0,0.00012345678,0.99987654322]');
  });

  it.each([
    ['nothing', null],
    ['no text', 1],
    ['no JSON', '[1,25,0,0.1,0.9'],
    ['an empty text', ''],
    ['no array', '{"0":1,"length":5}'],
    ['another version', '[2,25,0,0.1,0.9]'],
    ['a version in quotes', '["1",25,0,0.1,0.9]'],
    ['too few scores', '[1,25,0,0.1]'],
    ['too many scores', '[1,25,0,0.1,0.8,0.1]'],
    ['a score that is NaN', '[1,25,0,NaN,0.9]'],
    ['a score that is null', '[1,25,0,null,0.9]'],
    ['a score that overflows', '[1,25,0,1e999,0.9]'],
    ['a score above 1', '[1,25,0,0.1,1.5]'],
    ['a score below 0', '[1,25,0,-0.1,0.9]'],
    ['a score in quotes', '[1,25,0,"0.1",0.9]'],
    ['half a token', '[1,25.5,0,0.1,0.9]'],
    ['fewer tokens than none', '[1,-1,0,0.1,0.9]'],
    ['truncated that is neither', '[1,25,2,0.1,0.9]'],
    ['truncated as true', '[1,25,true,0.1,0.9]'],
    ['more than the largest value', `[1,25,0,0.1,0.9${' '.repeat(MAX_VALUE_BYTES)}]`],
  ])('%s reads as a miss', (_, value) => {
    expect(decodeRow(value, 2)).toBeUndefined();
  });

  it('is a miss whatever else lies there', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (value) => {
        expect(decodeRow(value, 2)).toBeUndefined();
      }),
    );
  });

  it.each([
    ['a score that is NaN', { scores: [NaN, 0.5], tokens: 3, truncated: false }],
    ['too many labels', { scores: Array<number>(5000).fill(1 / 3), tokens: 3, truncated: false }],
  ])('is not written with %s', (_, unfit) => {
    expect(encodeRow(unfit)).toBeNull();
  });
});
