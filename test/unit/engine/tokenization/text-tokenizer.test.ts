import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextTokenizer, wellFormed } from '../../../../src/engine/tokenization/text-tokenizer.js';
import { anyText } from './any-text.js';
import { addedToken, id, smallTokenizer, tokenizerJson } from './small-tokenizer.js';

const ids = (...pieces: string[]): number[] => ['[CLS]', ...pieces, '[SEP]'].map(id);

describe('TextTokenizer', () => {
  it('puts special tokens around the pieces of each word', async () => {
    const tokenizer = await smallTokenizer();
    expect(tokenizer.encode('Goodly film!')).toEqual({
      ids: ids('good', '##ly', 'film', '!'),
      truncated: false,
    });
    expect(tokenizer.encode('')).toEqual({ ids: ids(), truncated: false });
  });

  it('calls a text empty of which nothing but special tokens is left', async () => {
    const tokenizer = await smallTokenizer({ maxTokens: 3 });
    const isEmpty = (input: string): boolean => tokenizer.isEmpty(tokenizer.encode(input).ids);
    expect(
      ['', ' ', '\u200b', '\0', '\u0301', '\ufffd', '\ud800', '\u00ad\u2060'].map(isEmpty),
    ).not.toContain(false);
    expect(['a', '😀', '[SEP]', 'a b c d', '\u200ba'].map(isEmpty)).not.toContain(true);
  });

  it('lower-cases each letter for itself, also a final sigma', async () => {
    const tokenizer = await smallTokenizer();
    expect(tokenizer.encode('ΣΣ').ids).toEqual(ids('σ', '##σ'));
    expect(tokenizer.encode('İ').ids).toEqual(ids('i'));
  });

  it('counts the characters of a word in code points, and answers [UNK] for one too long', async () => {
    const tokenizer = await smallTokenizer();
    expect(tokenizer.encode('a'.repeat(100)).ids).toHaveLength(102);
    expect(tokenizer.encode('a'.repeat(101)).ids).toEqual(ids('[UNK]'));
    const astral = await smallTokenizer(
      {},
      {
        model: {
          type: 'WordPiece',
          unk_token: '[UNK]',
          continuing_subword_prefix: '##',
          max_input_chars_per_word: 100,
          vocab: { '[CLS]': 2, '[SEP]': 3, '[UNK]': 1, '😀': 7, '##😀': 8 },
        },
      },
    );
    expect(astral.encode('😀'.repeat(100)).ids).toHaveLength(102);
    expect(astral.encode('😀'.repeat(101)).ids).toEqual([2, 1, 3]);
  });

  it('takes special tokens in the text for what they say', async () => {
    const tokenizer = await smallTokenizer();
    expect(tokenizer.encode('good[SEP]film [sep]').ids).toEqual(
      ids('good', '[SEP]', 'film', '[', 'sep', ']'),
    );
  });

  it('obeys the flags of added tokens', async () => {
    const added = [
      addedToken('<n>', { single_word: true, id: 500 }),
      addedToken('<n><n>', { id: 501 }),
      addedToken('Good Film', { special: false, normalized: true, id: 502 }),
    ];
    const tokenizer = await smallTokenizer({}, { added_tokens: added });
    const content = (input: string): number[] => tokenizer.encode(input).ids.slice(1, -1);
    expect(content('a <n> b')).toEqual([id('a'), 500, id('b')]);
    expect(content('a<n> b')).not.toContain(500);
    expect(content('<n><n>')).toEqual([501]);
    expect(content('GOOD film')).toEqual([502]);
    // Work goes in stretches of 24 characters here; none may end inside the added token.
    const short = await smallTokenizer({ maxTokens: 5 }, { added_tokens: added });
    expect(short.encode(`${' '.repeat(20)}Good Film`).ids.slice(1, -1)).toEqual([502]);
  });

  it('lets an added token take white space along where lstrip or rstrip says so', async () => {
    const parts = (flags: object): object => ({
      added_tokens: [addedToken('<m>', { id: 500, ...flags })],
      pre_tokenizer: null,
      normalizer: null,
    });
    const content = async (flags: object): Promise<number> =>
      (await smallTokenizer({}, parts(flags))).encode('a  <m>  b').ids.length - 2;
    // Without a pre-tokenizer "a  " is one unknown word; stripped, it is a.
    expect(await content({})).toBe(3);
    const tokenizer = await smallTokenizer({}, parts({ lstrip: true, rstrip: true }));
    expect(tokenizer.encode('a  <m>  b').ids.slice(1, -1)).toEqual([id('a'), 500, id('b')]);
  });

  it.each(['right', 'left'] as const)(
    'keeps the special tokens and cuts the content on the %s',
    async (truncationSide) => {
      const whole = await smallTokenizer({ maxTokens: 100_000 });
      await fc.assert(
        fc.asyncProperty(anyText, fc.integer({ min: 3, max: 20 }), async (input, maxTokens) => {
          const content = whole.encode(input).ids.slice(1, -1);
          const kept = maxTokens - 2;
          const expected = truncationSide === 'right' ? content.slice(0, kept) : content.slice(-kept);
          const { ids: got, truncated } = await smallTokenizer({ maxTokens, truncationSide }).then((t) =>
            t.encode(input),
          );
          expect(got).toEqual([id('[CLS]'), ...expected, id('[SEP]')]);
          expect(truncated).toBe(content.length > kept);
        }),
        { numRuns: 300 },
      );
    },
  );

  it('sees a lone surrogate as U+FFFD', async () => {
    const tokenizer = await smallTokenizer();
    fc.assert(
      fc.property(anyText, (input) => {
        expect(wellFormed(input).isWellFormed()).toBe(true);
        expect(wellFormed(wellFormed(input))).toBe(wellFormed(input));
        expect(tokenizer.encode(input)).toEqual(tokenizer.encode(wellFormed(input)));
      }),
    );
    expect(wellFormed('a\ud800b😀')).toBe('a\ufffdb😀');
  });

  // Quadratic work on any of these would take minutes; each takes below 0.2 s.
  it.each([
    ['one word', 'a'.repeat(1e6)],
    ['spaces', ' '.repeat(1e6)],
    ['special tokens', '[SEP]'.repeat(2e5)],
    ['opening brackets', '['.repeat(1e6)],
    ['ideographs', '中'.repeat(3e5)],
    ['marks in the wrong order', `a${'\u0301\u0327'.repeat(2.5e5)}`],
    ['marks that stay, in the wrong order', '\u{1d16d}\u302e'.repeat(1.4e5)],
    ['emoji', '😀'.repeat(2.5e5)],
  ])('takes linear time for a megabyte of %s', async (_, input) => {
    for (const truncationSide of ['right', 'left'] as const) {
      const tokenizer = await smallTokenizer({ truncationSide });
      const start = performance.now();
      expect(tokenizer.encode(input).ids.length).toBeLessThanOrEqual(256);
      expect(performance.now() - start).toBeLessThan(3000);
    }
  });
});

describe('TextTokenizer.fromFiles', () => {
  const limits = { maxTokens: 256, truncationSide: 'right' } as const;

  it.each([
    ['{', '{}', 'tokenizer.json is not JSON'],
    ['[]', '{}', 'tokenizer.json must hold a JSON object'],
    [tokenizerJson(), '7', 'tokenizer_config.json must hold a JSON object'],
    [tokenizerJson(), '{"model_max_length": 128}', 'max_tokens is 256, but tokenizer_config.json allows 128'],
    [
      tokenizerJson(),
      '{"truncation_side": "left"}',
      'truncation_side is right, but "left" in tokenizer_config.json',
    ],
    [
      tokenizerJson({ truncation: { direction: 'Left' } }),
      '{}',
      'truncation_side is right, but "Left" in tokenizer.json (truncation.direction)',
    ],
    [tokenizerJson({ normalizer: { type: 'Magic' } }), '{}', 'Unknown Normalizer type: Magic'],
  ])('says what is wrong (%#)', async (json, config, message) => {
    const files = { tokenizerJson: json, tokenizerConfigJson: config };
    await expect(TextTokenizer.fromFiles(files, limits)).rejects.toThrow(message);
  });

  it('refuses a limit that leaves no room for text', async () => {
    await expect(smallTokenizer({ maxTokens: 2 })).rejects.toThrow('max_tokens is 2, but 2 special tokens');
  });

  it('reads bytes as well as text', async () => {
    const files = { tokenizerJson: Buffer.from(tokenizerJson()), tokenizerConfigJson: Buffer.from('{}') };
    expect((await TextTokenizer.fromFiles(files, limits)).encode('film').ids).toEqual(ids('film'));
  });

  it('builds other pipelines from the parts of the library', async () => {
    const space = '\u0120';
    const vocab = Object.fromEntries(
      ['<s>', '</s>', '<unk>', 'g', 'o', 'd', space, 'go', 'od', 'good', `${space}good`].map((piece, i) => [
        piece,
        i,
      ]),
    );
    const roberta = await smallTokenizer(
      { maxTokens: 4 },
      {
        added_tokens: ['<s>', '</s>', '<unk>'].map((content, i) => addedToken(content, { id: i })),
        normalizer: null,
        pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
        post_processor: {
          type: 'RobertaProcessing',
          sep: ['</s>', 1],
          cls: ['<s>', 0],
          trim_offsets: true,
          add_prefix_space: false,
        },
        model: {
          type: 'BPE',
          vocab,
          merges: [
            ['g', 'o'],
            ['o', 'd'],
            ['go', 'od'],
            [space, 'good'],
          ],
          unk_token: '<unk>',
          fuse_unk: false,
          byte_fallback: false,
        },
      },
    );
    expect(roberta.encode('good good')).toEqual({ ids: [0, 9, 10, 1], truncated: false });
    expect(roberta.encode('good good good')).toEqual({ ids: [0, 9, 10, 1], truncated: true });
  });
});
