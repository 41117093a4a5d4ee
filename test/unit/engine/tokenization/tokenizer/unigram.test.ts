import { describe, expect, it } from 'vitest';
import { scoreAsRead, Unigram } from '../../../../../src/engine/tokenization/tokenizer/unigram.js';

type Vocabulary = readonly (readonly [string, number])[];

const encode = (vocab: Vocabulary, word: string, byte_fallback = false): number[] => {
  const ids: number[] = [];
  new Unigram({ vocab, unk_id: 0, byte_fallback }).encodeWord(word, 0, word.length, ids);
  return ids;
};

describe('Unigram', () => {
  it('divides a word into the pieces with the greatest sum of scores', () => {
    // The example of the crate's documentation.
    const vocab: Vocabulary = [
      ['<unk>', 0],
      ['a', 0],
      ['b', 0],
      ['c', 0],
      ['d', 0],
      ['cd', 1],
      ['ab', 2],
      ['abc', 5],
      ['abcd', 10],
    ];
    expect(encode(vocab, 'abcdacdxx')).toEqual([8, 1, 5, 0]);
  });

  it('keeps the first of equal ways, which is the one whose last piece begins first', () => {
    const vocab: Vocabulary = [
      ['<unk>', 0],
      ['a', -1],
      ['aa', -2],
    ];
    expect(encode(vocab, 'aa')).toEqual([2]);
    expect(encode(vocab, 'aaa')).toEqual([1, 2]);
  });

  it('makes one unknown token of unknown characters in a row, surrogate pairs included', () => {
    const vocab: Vocabulary = [
      ['<unk>', 0],
      ['a', -1],
    ];
    expect(encode(vocab, '日😀本a😀')).toEqual([0, 1, 0]);
  });

  it('looks up a run of unknown characters once more, as the crate does', () => {
    // Two unknown characters score 20 each here, which is better than the piece that they make.
    const vocab: Vocabulary = [
      ['<unk>', 30],
      ['a', 31],
      ['xy', 30.5],
    ];
    expect(encode(vocab, 'axya')).toEqual([1, 2, 1]);
  });

  it('writes unknown characters as bytes when all of them have a piece', () => {
    const vocab: Vocabulary = [
      ['<unk>', 0],
      ['a', -1],
      ['<0xC3>', -5],
      ['<0xA9>', -5],
    ];
    expect(encode(vocab, 'aéa', true)).toEqual([1, 2, 3, 1]);
    expect(encode(vocab, 'aéa', false)).toEqual([1, 0, 1]);
    expect(encode(vocab, 'aéü', true)).toEqual([1, 0]);
  });

  it('reads a score as the JSON reader of the crate does', () => {
    // As serde_json reads and writes them again.
    expect(scoreAsRead(-0.43561181362301915)).toBe(-0.4356118136230191);
    expect(scoreAsRead(-12.563669634938593)).toBe(-12.563669634938591);
    expect(scoreAsRead(-9.634415443986684)).toBe(-9.634415443986683);
    expect([-3.25, 0, -100, 1e-7, -1.5e21].map(scoreAsRead)).toEqual([-3.25, 0, -100, 1e-7, -1.5e21]);
  });

  it('refuses a vocabulary without a piece for unknown characters', () => {
    expect(() => new Unigram({ vocab: [['a', 0]], unk_id: null })).toThrow(
      /unk_id null is not in the vocabulary/,
    );
  });
});
