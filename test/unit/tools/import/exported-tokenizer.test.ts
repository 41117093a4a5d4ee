import { describe, expect, it } from 'vitest';
import { readExportedTokenizer } from '../../../../src/tools/import/exported-tokenizer.js';
import { tokenizerJson } from '../../engine/tokenization/small-tokenizer.js';

const sideOf = (truncation: object | null, config: object): string =>
  readExportedTokenizer(Buffer.from(tokenizerJson({ truncation })), Buffer.from(JSON.stringify(config)))
    .truncationSide;

describe('the tokenizer of an export', () => {
  it('is cut on the side that Python cuts on', () => {
    const left = { direction: 'Left', max_length: 16, strategy: 'LongestFirst', stride: 0 };
    expect(sideOf(null, {})).toBe('right');
    expect(sideOf(left, {})).toBe('left');
    expect(sideOf(left, { truncation_side: 'right' })).toBe('right');
    expect(sideOf(null, { truncation_side: 'left' })).toBe('left');
  });
});
