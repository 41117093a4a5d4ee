import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TextTokenizer } from '../../../../../src/engine/tokenization/text-tokenizer.js';

interface Family {
  readonly name: string;
  readonly json: string;
  /** Per text, with special tokens. */
  readonly ids: readonly string[];
  /** Per long text: the number of ids, and a digest of them. */
  readonly long: readonly (readonly [number, string])[];
}

const { texts, long, families } = JSON.parse(
  readFileSync(new URL('unigram-ids/unigram-ids.json', import.meta.url), 'utf8'),
) as { readonly texts: readonly string[]; readonly long: readonly string[]; readonly families: Family[] };

const load = (
  { json }: Family,
  maxTokens = 1_000_000,
  truncationSide: 'left' | 'right' = 'right',
): Promise<TextTokenizer> =>
  TextTokenizer.fromFiles({ tokenizerJson: json, tokenizerConfigJson: '{}' }, { maxTokens, truncationSide });

describe.each(families)('the ids of $name', (family) => {
  it('are those of the Rust crate', async () => {
    const tokenizer = await load(family);
    const found = texts.map((text) => ({ text, ids: tokenizer.encode(text).ids.join(' ') }));
    expect(found).toEqual(texts.map((text, i) => ({ text, ids: family.ids[i] })));
  });

  it('are those of the Rust crate for long texts', async () => {
    const tokenizer = await load(family);
    const found = long.map((text) => {
      const { ids } = tokenizer.encode(text);
      return [ids.length, createHash('sha256').update(JSON.stringify(ids)).digest('hex')];
    });
    expect(found).toEqual(family.long);
  });

  it.each(['left', 'right'] as const)(
    'are a part of those of the whole text when it is cut on the %s',
    async (side) => {
      const whole = await load(family);
      const kept = 10;
      const cut = await load(family, kept + 2, side);
      for (const text of [...texts, ...long]) {
        const content = whole.encode(text).ids.slice(1, -1);
        const { ids, truncated } = cut.encode(text);
        expect(ids.slice(1, -1)).toEqual(side === 'left' ? content.slice(-kept) : content.slice(0, kept));
        expect(truncated).toBe(content.length > kept);
      }
    },
  );
});

const SHORT = 4_000;
/** The longer text has so many times the characters; quadratic work would take 256 times as long. */
const LONGER = 16;
const SLACK = 6;

/** Milliseconds of the fastest of three runs. */
function fastest(run: () => void): number {
  const times = Array.from({ length: 3 }, () => {
    const startedAt = performance.now();
    run();
    return performance.now() - startedAt;
  });
  return Math.min(...times);
}

describe.each(families.filter(({ name }) => ['ALBERT', 'T5 with legacy=False'].includes(name)))(
  'the time of $name grows with the length of a text, and hardly faster,',
  (family) => {
    it.each([
      ['one letter', 'a'],
      ['spaces', ' '],
      ['unknown characters', '日'],
      ['marks', 'e\u0301\u0327'],
      ['joiners', '\u200d'],
    ])('for %s', async (_, part) => {
      // All of the text has to be read then.
      const tokenizer = await load(family, 128, 'left');
      const times = [SHORT, SHORT * LONGER].map((length) => {
        const text = part.repeat(length / part.length);
        return fastest(() => tokenizer.encode(text));
      });
      // Below half a millisecond the clock and the collector decide.
      expect(times[1]).toBeLessThan(SLACK * LONGER * Math.max(times[0] ?? 0, 0.5));
    });
  },
);
