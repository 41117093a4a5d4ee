import { MergeTable } from './merge-table.js';

/** The model's entry of tokenizer.json; what is absent counts as null or false. */
export interface BpeConfig {
  readonly vocab: Readonly<Record<string, number>>;
  /** Pairs of tokens, the first one merged first; older files write each pair as a string with a space. */
  readonly merges: readonly (string | readonly [string, string])[];
  readonly dropout?: number | null;
  readonly unk_token?: string | null;
  readonly continuing_subword_prefix?: string | null;
  readonly end_of_word_suffix?: string | null;
  /** Neighbouring unknown characters become one unknown token. */
  readonly fuse_unk?: boolean;
  /** An unknown character becomes the tokens of its UTF-8 bytes, `<0x00>` to `<0xFF>`. */
  readonly byte_fallback?: boolean;
  /** A word that is in the vocabulary is its token, whatever the merges say. */
  readonly ignore_merges?: boolean;
}

/** Ranks and places in one number, ordered by rank, then by place: 2^31 places of 2^22 ranks. */
const PLACES = 2 ** 31;
const GONE = -1;
/** Words and their ids that are kept; as many as the Rust crate keeps. */
const KEPT_WORDS = 10_000;
/** Longer words hardly ever come twice, in UTF-16 units. */
const KEPT_WORD_LENGTH = 64;

/**
 * BPE with the behaviour of the Rust crate: a word begins as its characters, and the neighbours whose merge has the
 * lowest rank, the leftmost of several, are merged until none has a merge. Neighbours wait in a heap, so a word of n
 * characters takes time in proportion to n log n, and a megabyte of one letter is a word like any other.
 */
export class Bpe {
  private readonly merges: MergeTable;
  /** Ids of what a single character can be, with prefix or suffix; of all tokens if words are looked up. */
  private readonly ids = new Map<string, number>();
  private readonly byteIds: readonly number[] | null;
  private readonly unknownId: number | null;
  private readonly prefix: string;
  private readonly suffix: string;
  private readonly fusesUnknown: boolean;
  private readonly looksUpWords: boolean;
  private readonly kept = new Map<string, readonly number[]>();

  /** @throws Error when the ids are random, or a token that is named is not in the vocabulary */
  constructor(config: BpeConfig) {
    const { vocab, merges, dropout, unk_token: unknown } = config;
    if (dropout !== undefined && dropout !== null && dropout !== 0) {
      throw new Error('tokenizer.json: dropout makes the ids of a text random; it must be null');
    }
    this.prefix = config.continuing_subword_prefix ?? '';
    this.suffix = config.end_of_word_suffix ?? '';
    this.fusesUnknown = config.fuse_unk ?? false;
    this.looksUpWords = config.ignore_merges ?? false;
    const all = new Map(Object.entries(vocab));
    const idOf = (token: string, role: string): number => {
      const id = all.get(token);
      if (id !== undefined) return id;
      throw new Error(`tokenizer.json: ${role} ${JSON.stringify(token)} is not in the vocabulary`);
    };
    this.merges = new MergeTable(merges.length);
    merges.forEach((merge, rank) => {
      const [left = '', right = ''] = typeof merge === 'string' ? merge.split(' ') : merge;
      const merged = left + right.slice(this.prefix.length);
      this.merges.set(idOf(left, 'merge of'), idOf(right, 'merge of'), rank, idOf(merged, 'merged token'));
    });
    this.unknownId = unknown === null || unknown === undefined ? null : (all.get(unknown) ?? null);
    const bytes = Array.from({ length: 256 }, (_, byte) => all.get(byteToken(byte)) ?? GONE);
    this.byteIds = config.byte_fallback === true ? bytes : null;
    const longest = 2 + this.prefix.length + this.suffix.length;
    for (const [token, id] of all) if (this.looksUpWords || token.length <= longest) this.ids.set(token, id);
  }

  /** Appends the ids of the word in `text` from `start` to `end` (exclusive). */
  encodeWord(text: string, start: number, end: number, ids: number[]): void {
    const word = text.slice(start, end);
    if (this.looksUpWords) {
      const id = this.ids.get(word);
      if (id !== undefined) {
        ids.push(id);
        return;
      }
    }
    let found = this.kept.get(word);
    if (found === undefined) {
      found = this.merged(this.symbolsOf(word));
      if (word.length <= KEPT_WORD_LENGTH) this.keep(word, found);
    }
    // Not push(...found): the arguments of a call lie on the stack.
    for (const id of found) ids.push(id);
  }

  private keep(word: string, ids: readonly number[]): void {
    if (this.kept.size >= KEPT_WORDS) this.kept.clear();
    this.kept.set(word, ids);
  }

  /** The word's characters as ids. As in the crate, bytes of a character come before unknown ones that wait to be fused. */
  private symbolsOf(word: string): number[] {
    const { prefix, suffix, unknownId } = this;
    const symbols: number[] = [];
    let unknown = false;
    for (let at = 0; at < word.length;) {
      const char = String.fromCodePoint(word.codePointAt(at) ?? 0);
      const next = at + char.length;
      const symbol = (at === 0 ? '' : prefix) + char + (next === word.length ? suffix : '');
      at = next;
      const id = this.ids.get(symbol);
      if (id !== undefined) {
        if (unknown && unknownId !== null) symbols.push(unknownId);
        unknown = false;
        symbols.push(id);
        continue;
      }
      if (this.appendBytes(symbol, symbols)) continue;
      if (unknown && !this.fusesUnknown && unknownId !== null) symbols.push(unknownId);
      unknown = true;
    }
    if (unknown && unknownId !== null) symbols.push(unknownId);
    return symbols;
  }

  private appendBytes(symbol: string, symbols: number[]): boolean {
    const { byteIds } = this;
    if (byteIds === null) return false;
    const ids = Array.from(Buffer.from(symbol), (byte) => byteIds[byte] ?? GONE);
    if (ids.includes(GONE)) return false;
    for (const id of ids) symbols.push(id);
    return true;
  }

  /** Merges neighbours in place, and returns what is left. */
  private merged(symbols: number[]): number[] {
    const { merges } = this;
    const count = symbols.length;
    const next = Int32Array.from(symbols, (_, place) => place + 1);
    const previous = Int32Array.from(symbols, (_, place) => place - 1);
    const queue = new MinHeap();
    const offer = (place: number, after: number): void => {
      const at = merges.find(symbols[place] ?? GONE, symbols[after] ?? GONE);
      if (at >= 0) queue.push(merges.rankAt(at) * PLACES + place);
    };
    for (let place = 0; place + 1 < count; place++) offer(place, place + 1);
    for (let top = queue.pop(); top !== undefined; top = queue.pop()) {
      const place = top % PLACES;
      const rank = (top - place) / PLACES;
      const right = next[place] ?? count;
      const left = symbols[place] ?? GONE;
      if (left === GONE || right >= count) continue;
      const at = merges.find(left, symbols[right] ?? GONE);
      // The neighbours have changed since this merge was offered.
      if (at < 0 || merges.rankAt(at) !== rank) continue;
      symbols[place] = merges.idAt(at);
      symbols[right] = GONE;
      const after = next[right] ?? count;
      next[place] = after;
      if (after < count) previous[after] = place;
      const before = previous[place] ?? -1;
      if (before >= 0) offer(before, place);
      if (after < count) offer(place, after);
    }
    return symbols.filter((id) => id !== GONE);
  }
}

function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

/** A binary heap of numbers. */
class MinHeap {
  private readonly items: number[] = [];

  push(item: number): void {
    const { items } = this;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent] ?? -Infinity;
      if (above <= item) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  /** The least item, taken out; undefined when there is none. */
  pop(): number | undefined {
    const { items } = this;
    const least = items[0];
    const item = items.pop();
    const size = items.length;
    if (item === undefined || size === 0) return least;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && (items[child + 1] ?? Infinity) < (items[child] ?? Infinity)) child++;
      const below = items[child] ?? Infinity;
      if (below >= item) break;
      items[at] = below;
      at = child;
    }
    items[at] = item;
    return least;
  }
}
