import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { crateRegExp } from '../../../../../src/engine/tokenization/tokenizer/crate-pattern.js';
import {
  type EachWord,
  ownPreTokenizer,
} from '../../../../../src/engine/tokenization/tokenizer/pre-tokenizers.js';

const { sha256 } = JSON.parse(readFileSync(new URL('crate-classes/words.json', import.meta.url), 'utf8')) as {
  readonly sha256: Readonly<Record<string, string>>;
};

const CONFIGS = {
  // Without its last step, which writes a word as the characters of its bytes.
  ByteLevel: {
    type: 'Split',
    pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+" },
    behavior: 'Isolated',
  },
  Whitespace: { type: 'Whitespace' },
  WhitespaceSplit: { type: 'WhitespaceSplit' },
  Digits: { type: 'Digits', individual_digits: true },
  Punctuation: { type: 'Punctuation' },
};

function lengthsOf(eachWord: EachWord, text: string): number[] {
  const lengths: number[] = [];
  eachWord(text, 0, (word) => {
    lengths.push(Array.from(word).length);
    return true;
  });
  return lengths;
}

describe('the classes of the Rust crate', () => {
  it.each(Object.entries(CONFIGS))('are those of %s, for each code point', (name, config) => {
    const eachWord = ownPreTokenizer(config);
    if (eachWord === null) throw new Error(`${name} is not implemented`);
    const digest = createHash('sha256');
    for (let codePoint = 0; codePoint < 0x110000; codePoint++) {
      if (codePoint >= 0xd800 && codePoint < 0xe000) continue;
      const char = String.fromCodePoint(codePoint);
      digest.update(`${codePoint} [${lengthsOf(eachWord, `a${char}1 !${char}`).join(', ')}]\n`);
    }
    expect(digest.digest('hex')).toBe(sha256[name]);
  });

  it.each(['[[:alpha:]]', '[a&&b]', '(?<=a)\\1', '\\X', 'a)', '(a', '[a', '(?m:a)', '\\p{Nothing}', '\\p'])(
    'are refused in the pattern %s, which is not translated',
    (pattern) => {
      expect(() => crateRegExp(pattern)).toThrow(/^tokenizer.json: the pattern .* is not supported there$/);
    },
  );
});
