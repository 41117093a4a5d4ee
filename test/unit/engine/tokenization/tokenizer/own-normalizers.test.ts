import { describe, expect, it } from 'vitest';
import { ownNormalizer } from '../../../../../src/engine/tokenization/tokenizer/own-normalizers.js';

describe('ownNormalizer', () => {
  // Characters younger than Unicode 9, which Node.js would change.
  it.each([
    ['NFC', '\u{11935}\u{11930}'],
    ['NFD', '\u{11938}'],
    ['NFKC', '\u32ff'],
    ['NFKD', '\u{1f16c}'],
  ] as const)('makes %s with the Unicode version of the crate', (type, text) => {
    const normalize = ownNormalizer({ type });
    expect(text.normalize(type)).not.toBe(text);
    expect(normalize?.(text)).toBe(text);
  });
});
