import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOWHERE, PieceTrie, ROOT } from '../../../../../src/engine/tokenization/tokenizer/piece-trie.js';

/** The ids of the pieces along a text, by how many units they have. */
function piecesAlong(trie: PieceTrie, text: string): Map<number, number> {
  const found = new Map<number, number>();
  let node = ROOT;
  for (let i = 0; i < text.length && node !== NOWHERE; i++) {
    node = trie.step(node, text.charCodeAt(i));
    if (node !== NOWHERE && trie.idAt(node) >= 0) found.set(i + 1, trie.idAt(node));
  }
  return found;
}

const piece = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '\0', '\uffff', '😀'), minLength: 1, maxLength: 6 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
);

describe('PieceTrie', () => {
  it('knows the prefixes of a text that are pieces, as a Map of the vocabulary does', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(piece, { maxLength: 60 }),
        fc.array(piece, { maxLength: 4 }),
        (pieces, more) => {
          const vocabulary = new Map(pieces.map((text, id) => [text, id]));
          const trie = new PieceTrie([...vocabulary]);
          for (const text of [...pieces, ...more, [...pieces, ...more].join('')]) {
            const expected = new Map<number, number>();
            for (let end = 1; end <= text.length; end++) {
              const id = vocabulary.get(text.slice(0, end));
              if (id !== undefined) expected.set(end, id);
            }
            expect(piecesAlong(trie, text)).toEqual(expected);
          }
        },
      ),
    );
  });

  it('grows with pieces that share nothing', () => {
    const pieces = Array.from(
      { length: 50 },
      (_, i) => [`${String.fromCharCode(0x100 + i)}${'x'.repeat(99)}`, i] as const,
    );
    const trie = new PieceTrie(pieces);
    for (const [text, id] of pieces) expect(piecesAlong(trie, text)).toEqual(new Map([[100, id]]));
  });

  it('is empty without pieces', () => {
    expect(piecesAlong(new PieceTrie([]), 'a')).toEqual(new Map());
    expect(piecesAlong(new PieceTrie([['', 3]]), 'a')).toEqual(new Map());
  });
});
