import { TextTokenizer, type TokenLimits } from '../../../../src/engine/tokenization/text-tokenizer.js';

interface Parts {
  readonly added_tokens?: readonly object[];
  readonly normalizer?: object | null;
  readonly pre_tokenizer?: object | null;
  readonly model?: object;
  readonly post_processor?: object | null;
  readonly truncation?: object | null;
}

const PIECES = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'good',
  'film',
  'un',
  'σ',
  '中',
  '文',
  '國',
  '!',
  '[',
  ']',
  'sep',
];
const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyz0123456789');
export const VOCAB = Object.fromEntries(
  [...PIECES, ...LETTERS, ...LETTERS.map((letter) => `##${letter}`), '##ly', '##σ'].map((piece, id) => [
    piece,
    id,
  ]),
);

export const id = (piece: string): number => {
  const found = VOCAB[piece];
  if (found === undefined) throw new Error(`the small vocabulary has no ${piece}`);
  return found;
};

export const addedToken = (content: string, flags: object = {}): object => ({
  id: VOCAB[content] ?? 1000 + content.length,
  content,
  special: true,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  ...flags,
});

/** tokenizer.json of an uncased BERT with a vocabulary of letters and a few words. */
export function tokenizerJson(parts: Parts = {}): string {
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].map((content) => addedToken(content)),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
      ],
      pair: [],
      special_tokens: {},
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: VOCAB,
    },
    ...parts,
  });
}

export function smallTokenizer(
  limits: Partial<TokenLimits> = {},
  parts: Parts = {},
  config: object = {},
): Promise<TextTokenizer> {
  return TextTokenizer.fromFiles(
    { tokenizerJson: tokenizerJson(parts), tokenizerConfigJson: JSON.stringify(config) },
    { maxTokens: 256, truncationSide: 'right', ...limits },
  );
}
