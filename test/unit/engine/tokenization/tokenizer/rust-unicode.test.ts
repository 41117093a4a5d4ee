import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  BertNormalizer,
  LowercaseNormalizer,
} from '../../../../../src/engine/tokenization/tokenizer/bert-normalizer.js';
import { BertPreTokenizer } from '../../../../../src/engine/tokenization/tokenizer/bert-pre-tokenizer.js';

interface Behaviour {
  readonly skipped: readonly (readonly [number, number])[];
  readonly sha256: string;
}

const behaviour = JSON.parse(
  readFileSync(new URL('rust-unicode/code-points.json', import.meta.url), 'utf8'),
) as Behaviour;
const uncased = new BertNormalizer({
  clean_text: true,
  handle_chinese_chars: true,
  strip_accents: null,
  lowercase: true,
});
const strip = new BertNormalizer({
  clean_text: false,
  handle_chinese_chars: false,
  strip_accents: true,
  lowercase: false,
});
const preTokenizer = new BertPreTokenizer();

describe('the stages of BERT', () => {
  it('treat every code point as the Rust crate does', () => {
    const digest = createHash('sha256');
    let lines = '';
    for (let codePoint = 0; codePoint < 0x110000; codePoint++) {
      if (codePoint >= 0xd800 && codePoint < 0xe000) continue;
      if (behaviour.skipped.some(([first, last]) => codePoint >= first && codePoint <= last)) continue;
      const between = `a${String.fromCodePoint(codePoint)}b`;
      const words = preTokenizer.split(between);
      const [normal, stripped] = [uncased, strip].map((normalizer) =>
        normalizer.normalize(between).slice(1, -1),
      );
      lines += `${codePoint}\t${normal ?? ''}\t${stripped ?? ''}\t${words.length}\t${words.join('')}\n`;
      if (codePoint % 0x1000 === 0) {
        digest.update(lines);
        lines = '';
      }
    }
    expect(digest.update(lines).digest('hex')).toBe(behaviour.sha256);
  });

  it('put combining marks that stay into canonical order, within their run', () => {
    // Classes 226, 224, 216: dropped marks (U+0301) do not end a run; letters and U+034F, of class 0, do.
    expect(strip.normalize('a\u{1d16d}\u302e\u{1d165}b')).toBe('a\u{1d165}\u302e\u{1d16d}b');
    expect(strip.normalize('a\u{1d16d}\u0301\u302e')).toBe('a\u302e\u{1d16d}');
    expect(strip.normalize('a\u{1d16d}b\u302e')).toBe('a\u{1d16d}b\u302e');
    expect(strip.normalize('a\u{1d16d}\u034f\u302e')).toBe('a\u{1d16d}\u302e');
    expect(strip.normalize('\u302e\u302f\u302e')).toBe('\u302e\u302f\u302e');
  });

  it('lower-case letter by letter also outside BERT', () => {
    expect(new LowercaseNormalizer().normalize('ΟΔΟΣ Σ')).toBe('οδοσ σ');
    expect(new LowercaseNormalizer().normalize('GOOD ÄÖ')).toBe('good äö');
  });
});
