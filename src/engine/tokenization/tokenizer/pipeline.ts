import { type AddedToken, AddedTokenSplitter } from './added-tokens.js';
import type { BertNormalizerConfig } from './bert-normalizer.js';
import { BertPreTokenizer } from './bert-pre-tokenizer.js';
import { Bpe, type BpeConfig } from './bpe.js';
import type { LibraryTokenizer } from './library-tokenizer.js';
import { keepsBeginning, type Normalize, ownNormalizer } from './own-normalizers.js';
import {
  type EachWord,
  entryForLibrary,
  inSequence,
  isOwnPreTokenizer,
  ownPreTokenizer,
  placesOfFirst,
  type PreTokenizerConfig,
} from './pre-tokenizers.js';
import { Unigram, type UnigramConfig } from './unigram.js';
import { WordPiece, type WordPieceConfig } from './word-piece.js';

interface Typed {
  readonly type?: string;
}

/**
 * The parts of tokenizer.json that are used. `truncation` and `padding` are ignored, because the manifest decides about
 * them.
 */
export interface TokenizerJson {
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: (Typed & { readonly normalizers?: readonly Typed[] }) | null;
  readonly pre_tokenizer?: PreTokenizerConfig | null;
  readonly model: Typed;
}

/** tokenizer.json without the parts that only a {@link Pipeline} reads: what the library builds. */
export function forLibrary(json: TokenizerJson): TokenizerJson {
  const { normalizer, pre_tokenizer: preTokenizer = null } = json;
  return {
    ...json,
    normalizer: ownNormalizer(normalizer) === null ? normalizer : null,
    pre_tokenizer: entryForLibrary(preTokenizer),
  };
}

const OWN_MODELS: readonly unknown[] = ['WordPiece', 'BPE', 'Unigram'];

/**
 * Whether each stage of a tokenizer is implemented here, with the ids of the Rust crate.
 * @throws Error when a stage is damaged
 */
export function hasOwnStages({
  normalizer,
  pre_tokenizer: preTokenizer = null,
  model,
}: Pick<TokenizerJson, 'normalizer' | 'pre_tokenizer' | 'model'>): boolean {
  if (!OWN_MODELS.includes(model.type) || ownNormalizer(normalizer) === null) return false;
  if (!isOwnPreTokenizer(preTokenizer)) return false;
  // What `first` means is known for a text that no step before has cut or shortened at its beginning.
  const places = placesOfFirst(preTokenizer);
  return places.length === 0 || (places.every((place) => place === 0) && keepsBeginning(normalizer));
}

/**
 * Converts text to ids, before truncation and special tokens. The ids must equal those of the Rust crate. So the stages
 * in which the library is known to differ from the crate, or to take more than linear time, are implemented here:
 * nearly all normalizers and pre-tokenizers, WordPiece, BPE, Unigram, added tokens. All other stages are the library's.
 */
export class Pipeline {
  /** True when a text may be cut as cut.ts describes. */
  readonly cuttable: boolean;
  /** True when Chinese ideographs are words of their own. */
  readonly chinese: boolean;
  /** Finds the added tokens of the original text. */
  readonly rawSplitter: AddedTokenSplitter;
  private readonly normalizedSplitter: AddedTokenSplitter;
  private readonly normalize: Normalize;
  private readonly appendIds: AppendIds;

  constructor(json: TokenizerJson, library: LibraryTokenizer) {
    this.normalize = normalizerFor(json.normalizer, library.normalizer);
    this.appendIds = wordsAndModelFor(json, library);
    const raw = new Map<string, AddedToken>();
    const normalized = new Map<string, AddedToken>();
    for (const token of library.get_added_tokens_decoder().values()) {
      if (token.content === '') continue;
      if (token.normalized) normalized.set(this.normalize(token.content), token);
      else raw.set(token.content, token);
    }
    this.rawSplitter = new AddedTokenSplitter(raw);
    this.normalizedSplitter = new AddedTokenSplitter(normalized);
    this.cuttable =
      normalized.size === 0 &&
      json.normalizer?.type === 'BertNormalizer' &&
      json.pre_tokenizer?.type === 'BertPreTokenizer' &&
      json.model.type === 'WordPiece';
    this.chinese = this.cuttable && (json.normalizer as unknown as BertNormalizerConfig).handle_chinese_chars;
  }

  /**
   * Appends the ids of a piece of text between added tokens; `section` is its index in the text. May stop once `ids` is
   * longer than `limit`.
   */
  encode(text: string, section: number, ids: number[], limit: number): void {
    for (const { value, start } of this.normalizedSplitter.split(this.normalize(text))) {
      if (ids.length > limit) return;
      if (typeof value === 'number') ids.push(value);
      else this.appendIds(value, start === 0 ? section : section + 1, ids, limit);
    }
  }
}

function normalizerFor(
  config: TokenizerJson['normalizer'],
  library: LibraryTokenizer['normalizer'],
): Normalize {
  const own = ownNormalizer(config);
  if (own !== null || library === null) return own ?? ((text) => text);
  if (config?.type !== 'Sequence') return library;
  const { normalizers } = library as unknown as { normalizers: readonly LibraryTokenizer['normalizer'][] };
  const steps = (config.normalizers ?? []).map((step, i) => normalizerFor(step, normalizers[i] ?? null));
  return (text) => steps.reduce((result, step) => step(result), text);
}

function preTokenizerFor(
  config: PreTokenizerConfig | null,
  library: LibraryTokenizer['pre_tokenizer'],
): EachWord {
  const own = config && ownPreTokenizer(config);
  if (own !== null) return own;
  if (config === null || library === null) return (text, _section, visit) => visit(text);
  if (config.type === 'Sequence') {
    const { tokenizers } = library as unknown as { tokenizers: readonly LibraryTokenizer['pre_tokenizer'][] };
    return inSequence(
      (config.pretokenizers ?? []).map((step, i) => preTokenizerFor(step, tokenizers[i] ?? null)),
    );
  }
  return libraryPreTokenizer(library);
}

// These are separate functions, because closures of the same function share their variables: one that uses the library
// would keep all of it alive.
function libraryPreTokenizer(preTokenize: NonNullable<LibraryTokenizer['pre_tokenizer']>): EachWord {
  return (text, section, visit) => {
    for (const word of preTokenize(text, { section_index: section })) if (!visit(word)) return false;
    return true;
  };
}

/** Appends the ids of the words of a text; it may stop once there are more than `limit`. */
type AppendIds = (text: string, section: number, ids: number[], limit: number) => void;

/** A model that reads one word at a time. */
interface WordModel {
  /** Appends the ids of the word in `text` from `start` to `end` (exclusive). */
  encodeWord(text: string, start: number, end: number, ids: number[]): void;
}

function wordsAndModelFor({ pre_tokenizer, model }: TokenizerJson, library: LibraryTokenizer): AppendIds {
  const own = wordModelFor(model);
  if (own === null)
    return libraryModel(library, preTokenizerFor(pre_tokenizer ?? null, library.pre_tokenizer));
  if (pre_tokenizer?.type === 'BertPreTokenizer') return bertWordModel(own);
  return wordModel(own, preTokenizerFor(pre_tokenizer ?? null, library.pre_tokenizer));
}

function wordModelFor(model: Typed): WordModel | null {
  if (model.type === 'WordPiece') return new WordPiece(model as unknown as WordPieceConfig);
  if (model.type === 'Unigram') return new Unigram(model as unknown as UnigramConfig);
  return model.type === 'BPE' ? new Bpe(model as unknown as BpeConfig) : null;
}

/** Words are not copied out of the text, but passed as start and end indices. */
function bertWordModel(model: WordModel): AppendIds {
  const words = new BertPreTokenizer();
  return (text, _section, ids, limit) => {
    words.eachWord(text, (start, end) => {
      model.encodeWord(text, start, end, ids);
      return ids.length <= limit;
    });
  };
}

function wordModel(model: WordModel, eachWord: EachWord): AppendIds {
  return (text, section, ids, limit) => {
    eachWord(text, section, (word) => {
      model.encodeWord(word, 0, word.length, ids);
      return ids.length <= limit;
    });
  };
}

function libraryModel(library: LibraryTokenizer, eachWord: EachWord): AppendIds {
  return (text, section, ids) => {
    const words: string[] = [];
    eachWord(text, section, (word) => {
      words.push(word);
      return true;
    });
    for (const token of library.model(words)) {
      const id = library.token_to_id(token) ?? library.model.unk_token_id;
      if (id !== undefined) ids.push(id);
    }
  };
}
