import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextTokenizer, windowStep } from '../../../../src/engine/tokenization/text-tokenizer.js';
import { anyText } from './any-text.js';
import { addedToken, id, smallTokenizer } from './small-tokenizer.js';

type Parts = Parameters<typeof smallTokenizer>[1];
type Windows = ReturnType<TextTokenizer['windows']>;

const ALL = { from: 0, to: 100_000 };

/** Another normalizer, or an added token that is looked for behind it: such a text cannot be cut into words. */
const PIPELINES: readonly (readonly [string, NonNullable<Parts>, 'left' | 'right'])[] = [
  ['a BERT', {}, 'right'],
  ['a BERT that truncates on the left', {}, 'left'],
  [
    'one with ideographs as letters, and no clean text',
    {
      normalizer: {
        type: 'BertNormalizer',
        clean_text: false,
        handle_chinese_chars: false,
        strip_accents: false,
        lowercase: false,
      },
    },
    'right',
  ],
  [
    'one with added tokens that take white space along',
    {
      added_tokens: [
        addedToken('[SEP]', { lstrip: true, rstrip: true }),
        ...['[PAD]', '[UNK]', '[CLS]', '[MASK]'].map((content) => addedToken(content)),
      ],
    },
    'right',
  ],
  [
    'one with an added token in the normalized text',
    {
      added_tokens: [
        ...['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].map((content) => addedToken(content)),
        addedToken('Good Film', { special: false, normalized: true, id: 502 }),
      ],
    },
    'right',
  ],
  ['one without normalizer and pre-tokenizer', { normalizer: null, pre_tokenizer: null }, 'right'],
];

/** What stands beside such a token decides whether it is one: at no place both sides apart need give what the whole gives. */
const STANDS_ALONE: (typeof PIPELINES)[number] = [
  'one with added tokens that stand alone',
  { added_tokens: ['[SEP]', '[MASK]', '[CLS]'].map((content) => addedToken(content, { single_word: true })) },
  'right',
];

const contentOf = (tokenizer: TextTokenizer, text: string): readonly number[] =>
  tokenizer.encode(text).ids.slice(1, -1);

/** Ids as one string, so that a failure shows them and a comparison is fast. */
const shown = ({ items, truncated }: Windows): unknown => ({
  items: items.map(({ ids, start, end }) => [ids.join(' '), start, end]),
  truncated,
});

/** One of the limit, and one that takes every text whole. */
const tokenizersOf = (
  [, parts, truncationSide]: (typeof PIPELINES)[number],
  maxTokens: number,
): Promise<[TextTokenizer, TextTokenizer]> =>
  Promise.all([
    smallTokenizer({ maxTokens, truncationSide }, parts),
    smallTokenizer({ maxTokens: 100_000, truncationSide }, parts),
  ]);

describe.each([...PIPELINES, STANDS_ALONE])('windows of %s', (...pipeline) => {
  const [, , truncationSide] = pipeline;

  it('are slices of the text’s tokens, each a step behind the one before', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, fc.integer({ min: 3, max: 60 }), async (text, maxTokens) => {
        const [tokenizer, whole] = await tokenizersOf(pipeline, maxTokens);
        const content = contentOf(whole, text);
        const limit = maxTokens - 2;
        const step = windowStep(limit);
        const slices = [content.slice(0, limit)];
        for (let end = limit; end < content.length; end += step) {
          slices.push(content.slice(end + step - limit, end + step));
        }
        const { items, truncated } = tokenizer.windows(text, ALL);
        expect(items.map(({ ids }) => ids)).toEqual(
          slices.map((slice) => [id('[CLS]'), ...slice, id('[SEP]')]),
        );
        expect(truncated).toBe(false);
        expect(items.flatMap(({ ids }, i) => ids.slice(i === 0 ? 1 : 1 + limit - step, -1))).toEqual(content);
        if (content.length <= limit) {
          expect(items[0]?.ids).toEqual(tokenizer.encode(text).ids);
          expect(tokenizer.encode(text).truncated).toBe(false);
        }
        if (truncationSide === 'right') expect(items[0]?.ids).toEqual(tokenizer.encode(text).ids);
      }),
      { numRuns: 150 },
    );
  });

  it('are the same however their ranges are cut, and tell whether more follow', async () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(anyText, fc.integer({ min: 3, max: 12 }), cuts, async (text, maxTokens, places) => {
        const [tokenizer] = await tokenizersOf(pipeline, maxTokens);
        const all = tokenizer.windows(text, ALL).items;
        const borders = [0, ...places.sort((a, b) => a - b), all.length + 3];
        const ranges = borders.slice(1).map((to, i) => ({ from: borders[i] ?? 0, to }));
        const seen = ranges.map((range) => tokenizer.windows(text, range));
        ranges.forEach(({ from, to }, i) => {
          if (from < to) {
            expect(shown(seen[i] ?? { items: [], truncated: false })).toEqual(
              shown({ items: all.slice(from, to), truncated: to < all.length }),
            );
          }
        });
      }),
      { numRuns: 150 },
    );
  });
});

describe.each(PIPELINES)('windows of %s', (...pipeline) => {
  it('begin and end where the text may be cut, and leave nothing of it out', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, fc.integer({ min: 3, max: 30 }), async (text, maxTokens) => {
        const [tokenizer, whole] = await tokenizersOf(pipeline, maxTokens);
        const wellFormed = text.toWellFormed();
        const content = contentOf(whole, text);
        const limit = maxTokens - 2;
        /** Tokens before a place, which is no place inside a word: both sides apart give the tokens of the whole. */
        const before = (place: number): number => {
          const [head, tail] = [wellFormed.slice(0, place), wellFormed.slice(place)];
          expect(head.isWellFormed() && tail.isWellFormed()).toBe(true);
          const tokens = contentOf(whole, head);
          expect([...tokens, ...contentOf(whole, tail)]).toEqual(content);
          return tokens.length;
        };
        let last = { start: 0, end: 0 };
        tokenizer.windows(text, ALL).items.forEach(({ start, end }, i) => {
          expect(start).toBeGreaterThanOrEqual(last.start);
          expect(end).toBeGreaterThanOrEqual(Math.max(start, last.end));
          expect(end).toBeLessThanOrEqual(text.length);
          last = { start, end };
          const first = i * windowStep(limit);
          expect(before(start)).toBeLessThanOrEqual(first);
          expect(before(end)).toBeGreaterThanOrEqual(Math.min(content.length, first + limit));
        });
      }),
      { numRuns: 150 },
    );
  });
});

describe('the offsets of windows', () => {
  const placesOf = async (text: string, maxTokens: number, parts: Parts = {}): Promise<unknown[]> => {
    const { items } = (await smallTokenizer({ maxTokens }, parts)).windows(text, ALL);
    return items.map(({ start, end }) => [start, end, text.slice(start, end)]);
  };

  it('are those of the first and the last word, without white space around them', async () => {
    // Three words a window, two new ones each time but the first.
    expect(await placesOf('  good film\n\n un  good\tfilm ', 6)).toEqual([
      [2, 22, 'good film\n\n un  good'],
      [18, 27, 'good\tfilm'],
    ]);
    expect(await placesOf('a b c d', 4)).toEqual([
      [0, 3, 'a b'],
      [4, 7, 'c d'],
    ]);
  });

  it('are those of whole words where a window ends inside one', async () => {
    // f, ##e, ##d, ##c, ##b: four tokens a window, one of them shared.
    expect(await placesOf('good fedcb film', 6)).toEqual([
      [0, 10, 'good fedcb'],
      [5, 15, 'fedcb film'],
    ]);
  });

  it('count added tokens, ideographs and halves of characters as they stand in the text', async () => {
    expect(await placesOf('😀[SEP]中國 good[MASK]', 3)).toEqual([
      [0, 2, '😀'],
      [2, 7, '[SEP]'],
      [7, 8, '中'],
      [8, 9, '國'],
      [10, 14, 'good'],
      [14, 20, '[MASK]'],
    ]);
    // A lone surrogate is one unit, as U+FFFD is, and no token.
    expect(await placesOf('a\ud800 \udc00 b', 3)).toEqual([
      [0, 2, 'a\ud800'],
      [5, 6, 'b'],
    ]);
    expect(await placesOf('\u{2a6d6}\u{20000}', 3)).toEqual([
      [0, 2, '\u{2a6d6}'],
      [2, 4, '\u{20000}'],
    ]);
  });

  it('leave out what makes no token', async () => {
    expect(await placesOf('\u3000\0 good \u0301\0', 3)).toEqual(
      [[3, 7, 'good']].map(([s, e, t]) => [s, e, t]),
    );
  });

  it('are those between added tokens where the text cannot be cut into words', async () => {
    const places = await placesOf(' a[SEP] b', 3, {
      normalizer: null,
      pre_tokenizer: { type: 'Whitespace' },
    });
    expect(places).toEqual([
      [0, 2, ' a'],
      [2, 7, '[SEP]'],
      [7, 9, ' b'],
    ]);
  });

  it.each([
    ['nothing', ''],
    ['white space', ' \n\t\u3000 '],
    ['what normalises to nothing', '\0\u0301\u200d'],
    ['lone surrogates', '\ud800\udc00\ud800'.slice(1)],
  ])('of %s are 0, of one window without content', async (_, text) => {
    const tokenizer = await smallTokenizer({ maxTokens: 5 });
    const window = { ids: [id('[CLS]'), id('[SEP]')], start: 0, end: 0 };
    expect(tokenizer.windows(text, ALL)).toEqual({ items: [window], truncated: false });
    expect(tokenizer.windows(text, { from: 1, to: 4 })).toEqual({ items: [], truncated: false });
  });

  it('leave nothing but white space outside of all windows', async () => {
    const word = fc.constantFrom('good', 'film', 'a', 'goodly', 'un!', '(b)', '[SEP]', '中文', '42');
    const space = fc.constantFrom(' ', '\n', '  ', '\t');
    const words = fc.array(fc.oneof(word, space), { maxLength: 60 }).map((parts) => parts.join(''));
    const tokenizer = await smallTokenizer({ maxTokens: 8 });
    fc.assert(
      fc.property(words, (text) => {
        const { items } = tokenizer.windows(text, ALL);
        const outside = Array.from(text, (char, i) =>
          items.some(({ start, end }) => start <= i && i < end) ? '' : char,
        ).join('');
        expect(outside.trim()).toBe('');
        for (const { start, end } of items)
          expect(text.slice(start, end).trim()).toBe(text.slice(start, end));
      }),
    );
  });
});

describe('the step from window to window', () => {
  it('shares 32 tokens, of a short window no more than a quarter', async () => {
    expect([1, 3, 4, 8, 127, 128, 129, 254].map(windowStep)).toEqual([1, 3, 3, 6, 96, 96, 97, 222]);
    expect((await smallTokenizer({ maxTokens: 256 })).windowStep).toBe(222);
  });
});

// Quadratic work on any of these would take minutes; each takes below 0.2 s.
it.each([
  ['one word', 'a'.repeat(1e6)],
  ['spaces', ' '.repeat(1e6)],
  ['wide spaces', '\u3000'.repeat(1e6)],
  ['special tokens', '[SEP]'.repeat(2e5)],
  ['opening brackets', '['.repeat(1e6)],
  ['ideographs', '中'.repeat(3e5)],
  ['marks in the wrong order', `a${'\u0301\u0327'.repeat(2.5e5)}`],
  ['emoji', '😀'.repeat(2.5e5)],
  ['words', 'good film '.repeat(1e5)],
])('windows of a megabyte of %s take linear time', async (_, input) => {
  const tokenizer = await smallTokenizer();
  const start = performance.now();
  expect(tokenizer.windows(input, { from: 0, to: 16 }).items.length).toBeLessThanOrEqual(16);
  expect(performance.now() - start).toBeLessThan(3000);
});
