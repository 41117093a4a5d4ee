import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Precompiled } from '../../../../../src/engine/tokenization/tokenizer/precompiled.js';
import { stripAccents } from '../../../../../src/engine/tokenization/tokenizer/text-normalizers.js';
import { UnicodeForm } from '../../../../../src/engine/tokenization/tokenizer/unicode-form.js';
import { charsmap } from './charsmap.js';

const { sha256 } = JSON.parse(
  readFileSync(new URL('rust-forms/code-points.json', import.meta.url), 'utf8'),
) as { sha256: string };
const [nfc, nfd, nfkc, nfkd] = (['NFC', 'NFD', 'NFKC', 'NFKD'] as const).map((name) => new UnicodeForm(name));
const form = (name: UnicodeForm | undefined, text: string): string => name?.normalize(text) ?? '';

/** The marks and the map of rust-forms/generate.py. */
const LADDER = ['\u0334', '\u093c', '\u094d', '\u0316', '\u0300', '\u0345'];
const MADE_X = ['a', '\u00a9', '\u0600', '\u1161', '\u11a8', '\u1100'];

describe('normal forms and grapheme clusters', () => {
  it('are those of the Rust crate for every code point', () => {
    const clusters = new Precompiled(charsmap(MADE_X));
    const digest = createHash('sha256');
    for (let codePoint = 0; codePoint < 0xe1000; codePoint++) {
      if ((codePoint >= 0xd800 && codePoint < 0xe000) || (codePoint >= 0x30000 && codePoint < 0xe0000))
        continue;
      const char = String.fromCodePoint(codePoint);
      const between = `a${char}b`;
      const seen = [
        form(nfc, between),
        form(nfd, between),
        form(nfkc, between),
        form(nfkd, between),
        stripAccents(between),
        ...LADDER.map((mark) => form(nfd, mark + char)),
        ...[`a${char}\u0301`, `\u0600${char}`, `${char}a\u0941`].map((text) => clusters.normalize(text)),
      ];
      digest.update(`${codePoint}\t${seen.join('\t')}\n`);
    }
    expect(digest.digest('hex')).toBe(sha256);
  });

  it('compose what follows a starter and is not blocked', () => {
    // The mark below comes first, and the one above is taken up across it; a second one above is blocked.
    expect(form(nfc, 'a\u0308\u0323')).toBe('\u1ea1\u0308');
    expect(form(nfc, 'q\u0308\u0301a\u0308\u0301')).toBe('q\u0308\u0301\u00e4\u0301');
    expect(form(nfc, '\u1100\u1161\u11a8\u11a8')).toBe('\uac01\u11a8');
    // Composition exclusions stay apart, and a mark without a starter stays.
    expect(form(nfc, '\u0958\u0301')).toBe('\u0915\u093c\u0301');
    expect(form(nfc, '\u0301\u0344')).toBe('\u0301\u0308\u0301');
  });

  it('leave characters of later versions of Unicode as they are', () => {
    // U+1ACF is a mark of Unicode 17, U+1DF9 one of Unicode 14: starters to the crate. U+A7F2 is of Unicode 14.
    expect(form(nfd, 'a\u1df9\u0316')).toBe('a\u1df9\u0316');
    expect(form(nfc, 'a\u1df9\u0301')).toBe('a\u1df9\u0301');
    expect(form(nfkc, '\ua7f2\u{1ccd6}')).toBe('\ua7f2\u{1ccd6}');
  });

  it('put a long run of marks in order, and compose it', () => {
    const run = 100_000;
    const below = '\u0316'.repeat(run);
    expect(form(nfd, `a${'\u0301\u0316'.repeat(run)}`)).toBe(`a${below}${'\u0301'.repeat(run)}`);
    expect(form(nfc, `a${'\u0301\u0316'.repeat(run)}`)).toBe(`\u00e1${below}${'\u0301'.repeat(run - 1)}`);
  });
});
