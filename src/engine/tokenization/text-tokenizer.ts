import { isJsonObject, type JsonObject } from '../../base/json-object.js';
import type { Span, WindowRange } from '../view.js';
import { cutAfter, cutBefore } from './tokenizer/cut.js';
import { buildLibraryTokenizer, type LibraryTokenizer } from './tokenizer/library-tokenizer.js';
import { forLibrary, Pipeline, type TokenizerJson } from './tokenizer/pipeline.js';
import { truncationSideOf } from './truncation-side.js';

/** Contents of a version's tokenizer files; the caller has checked their digests. */
export interface TokenizerFiles {
  readonly tokenizerJson: Uint8Array | string;
  readonly tokenizerConfigJson: Uint8Array | string;
}

/** A version's limits, from its manifest. */
export interface TokenLimits {
  /** Maximum number of ids of one text, special tokens included. */
  readonly maxTokens: number;
  /** The side on which a longer text is cut. */
  readonly truncationSide: 'left' | 'right';
}

export interface Encoding {
  /** Token ids, special tokens included; at most `maxTokens`. */
  readonly ids: readonly number[];
  /** True when the text had more tokens than that. */
  readonly truncated: boolean;
}

/** One window of a long text, as long as the model can read. */
export interface TokenWindow extends Span {
  /** Token ids, special tokens included; at most `maxTokens`. */
  readonly ids: readonly number[];
}

/**
 * Content tokens that a window shares with the one before it, so that a phrase at the border is complete in one of
 * them. At most a quarter of a short window.
 */
const OVERLAP_TOKENS = 32;

/**
 * Length of the part that is tokenized at a time, in UTF-16 units per token of the limit. Text has about five units per
 * token, so one part is nearly always enough, and of a megabyte of text only the beginning is tokenized.
 */
const STRETCH_PER_TOKEN = 8;

const NO_WHITE_SPACE = /\P{White_Space}/gu;

/**
 * Content tokens from the beginning of one window to the beginning of the next.
 * @param contentLimit tokens of a window, without special ones
 */
export const windowStep = (contentLimit: number): number =>
  contentLimit - Math.min(OVERLAP_TOKENS, Math.floor(contentLimit / 4));

/** The text in the form that tokenizer, hash and cache use: each lone surrogate becomes U+FFFD. */
export function wellFormed(text: string): string {
  return text.toWellFormed();
}

/**
 * Turns a text into a version's token ids, equal to those of the Rust crate `tokenizers` (Python's too). The one
 * tokenization path of Serin: worker processes, files and the service's checks all call it.
 */
export class TextTokenizer {
  private readonly contentLimit: number;

  private constructor(
    private readonly pipeline: Pipeline,
    private readonly prefixIds: readonly number[],
    private readonly suffixIds: readonly number[],
    private readonly limits: TokenLimits,
  ) {
    this.contentLimit = limits.maxTokens - prefixIds.length - suffixIds.length;
  }

  /**
   * @throws Error when a file is not JSON, names a component that is not supported, or contradicts the limits.
   */
  static async fromFiles(files: TokenizerFiles, limits: TokenLimits): Promise<TextTokenizer> {
    const json = parseObject('tokenizer.json', files.tokenizerJson);
    const config = parseObject('tokenizer_config.json', files.tokenizerConfigJson);
    checkLimits(json, config, limits);
    const tokenizer = json as unknown as TokenizerJson;
    const library = await buildLibraryTokenizer(forLibrary(tokenizer), config);
    const pipeline = new Pipeline(tokenizer, library);
    const { prefixIds, suffixIds } = specialTokens(library);
    const special = prefixIds.length + suffixIds.length;
    if (limits.maxTokens <= special) {
      throw new Error(
        `max_tokens is ${limits.maxTokens}, but ${special} special tokens go around each text: allow more`,
      );
    }
    return new TextTokenizer(pipeline, prefixIds, suffixIds, limits);
  }

  encode(text: string): Encoding {
    const { prefixIds, suffixIds, contentLimit } = this;
    if (this.limits.truncationSide === 'left') {
      const content = this.last(wellFormed(text));
      const truncated = content.length > contentLimit;
      const kept = truncated ? content.slice(-contentLimit) : content;
      return { ids: [...prefixIds, ...kept, ...suffixIds], truncated };
    }
    const ids = [...prefixIds];
    const limit = prefixIds.length + contentLimit;
    this.appendFirst(wellFormed(text), ids, limit);
    const truncated = ids.length > limit;
    if (truncated) ids.length = limit;
    ids.push(...suffixIds);
    return { ids, truncated };
  }

  /** Whether nothing of the text is left: the ids are those of the special tokens around it. */
  isEmpty(ids: ArrayLike<number>): boolean {
    return ids.length === this.prefixIds.length + this.suffixIds.length;
  }

  /**
   * Windows `from` to `to` of a text, the latter excluded. Each window has as many content tokens as fit, and its first
   * ones are shared with the window before, like the Rust crate's truncation with a stride. A window's offsets, in
   * UTF-16 units, are the start of its first token's word and the end of its last token's word. If the tokenizer's text
   * cannot be cut into words, they are those of the whole piece between added tokens. Windows are counted from the
   * beginning of the text, also for a version that truncates on the left.
   * @returns no window for a range after the end of the text; `truncated`: the text has windows after the range
   */
  windows(text: string, { from, to }: WindowRange): { items: TokenWindow[]; truncated: boolean } {
    const { contentLimit, prefixIds, suffixIds } = this;
    const step = this.windowStep;
    const limit = (to - 1) * step + contentLimit;
    const { ids, words } = this.located(wellFormed(text), limit);
    const items: TokenWindow[] = [];
    for (let i = from; i < to && (i === 0 || i * step + contentLimit - step < ids.length); i++) {
      const first = i * step;
      const content = ids.slice(first, first + contentLimit);
      items.push({
        ids: [...prefixIds, ...content, ...suffixIds],
        start: words[first]?.start ?? 0,
        end: words[first + content.length - 1]?.end ?? 0,
      });
    }
    return { items, truncated: ids.length > limit };
  }

  /** Content tokens from the beginning of one window to the beginning of the next. */
  get windowStep(): number {
    return windowStep(this.contentLimit);
  }

  /** Content ids from the beginning of the text, each with its word. Stops once there are more than `limit`. */
  private located(text: string, limit: number): { ids: number[]; words: Span[] } {
    const { pipeline } = this;
    const ids: number[] = [];
    const words: Span[] = [];
    let section = 0;
    for (const { value, start: pieceStart, end: pieceEnd } of pipeline.rawSplitter.split(text)) {
      if (typeof value === 'number') {
        ids.push(value);
        words.push({ start: pieceStart, end: pieceEnd });
      } else {
        for (let start = 0; start < value.length && ids.length <= limit;) {
          // White space at a cut gives no tokens. It is skipped, because a megabyte of it would be a million words.
          const first = pipeline.cuttable ? behindWhiteSpace(value, start) : start;
          const end = pipeline.cuttable ? cutAfter(value, first, 1, pipeline.chinese) : value.length;
          pipeline.encode(value.slice(first, end), section, ids, limit);
          const word = { start: pieceStart + first, end: pieceStart + end };
          while (words.length < ids.length) words.push(word);
          start = end;
        }
      }
      if (ids.length > limit) break;
      section++;
    }
    return { ids, words };
  }

  /** Appends content ids from the beginning of the text. Stops once there are more than `limit`. */
  private appendFirst(text: string, ids: number[], limit: number): void {
    const { pipeline, contentLimit } = this;
    let section = 0;
    for (const { value: piece } of pipeline.rawSplitter.split(text)) {
      if (typeof piece === 'number') ids.push(piece);
      else {
        for (let start = 0; start < piece.length && ids.length <= limit;) {
          const end = pipeline.cuttable
            ? cutAfter(piece, start, contentLimit * STRETCH_PER_TOKEN, pipeline.chinese)
            : piece.length;
          pipeline.encode(piece.slice(start, end), section, ids, limit);
          start = end;
        }
      }
      if (ids.length > limit) break;
      section++;
    }
  }

  /** Content ids of the last part of the text: all of them, or more than the limit. */
  private last(text: string): number[] {
    const { pipeline, contentLimit } = this;
    const pieces = [...pipeline.rawSplitter.split(text)];
    const stretches: number[][] = [];
    let total = 0;
    for (let section = pieces.length - 1; section >= 0 && total <= contentLimit; section--) {
      const piece = pieces[section]?.value ?? '';
      if (typeof piece === 'number') {
        stretches.push([piece]);
        total++;
        continue;
      }
      for (let end = piece.length; end > 0 && total <= contentLimit;) {
        const start = pipeline.cuttable
          ? cutBefore(piece, end, contentLimit * STRETCH_PER_TOKEN, pipeline.chinese)
          : 0;
        const ids: number[] = [];
        pipeline.encode(piece.slice(start, end), section, ids, Infinity);
        stretches.push(ids);
        total += ids.length;
        end = start;
      }
    }
    return stretches.reverse().flat();
  }
}

/**
 * Index of the first character at or after `start` that is not white space; the length of the text when there is none.
 */
function behindWhiteSpace(text: string, start: number): number {
  NO_WHITE_SPACE.lastIndex = start;
  return NO_WHITE_SPACE.exec(text)?.index ?? text.length;
}

function parseObject(name: string, contents: Uint8Array | string): JsonObject {
  const text = typeof contents === 'string' ? contents : new TextDecoder().decode(contents);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${name} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isJsonObject(value)) throw new Error(`${name} must hold a JSON object`);
  return value;
}

function checkLimits(
  tokenizer: JsonObject,
  config: JsonObject,
  { maxTokens, truncationSide }: TokenLimits,
): void {
  const { model_max_length: modelMax } = config;
  if (typeof modelMax === 'number' && maxTokens > modelMax) {
    throw new Error(
      `max_tokens is ${maxTokens}, but tokenizer_config.json allows ${modelMax} (model_max_length)`,
    );
  }
  const { side, source } = truncationSideOf(tokenizer, config);
  if (source !== null && side !== truncationSide) {
    throw new Error(`truncation_side is ${truncationSide}, but ${source}`);
  }
}

/** The ids that the post-processor puts around a text. They are found by running it on a placeholder token. */
function specialTokens(library: LibraryTokenizer): { prefixIds: number[]; suffixIds: number[] } {
  if (library.post_processor === null) return { prefixIds: [], suffixIds: [] };
  const standIn = '\0text';
  const { tokens } = library.post_processor([standIn], null, true);
  const at = tokens.indexOf(standIn);
  if (at < 0 || tokens.lastIndexOf(standIn) !== at) {
    throw new Error('tokenizer.json: the post_processor must contain the text exactly once');
  }
  const toId = (token: string): number => {
    const id = library.token_to_id(token);
    if (id === undefined) throw new Error(`tokenizer.json: special token ${JSON.stringify(token)} has no id`);
    return id;
  };
  return { prefixIds: tokens.slice(0, at).map(toId), suffixIds: tokens.slice(at + 1).map(toId) };
}
