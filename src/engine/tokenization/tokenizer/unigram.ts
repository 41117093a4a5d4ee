import { NOWHERE, PieceTrie, ROOT } from './piece-trie.js';

/** The model's entry of tokenizer.json. */
export interface UnigramConfig {
  /** The pieces, each with its score; the place is the id. */
  readonly vocab: readonly (readonly [string, number])[];
  readonly unk_id: number | null;
  readonly byte_fallback?: boolean;
}

/** An unknown character has the least score of the vocabulary, less this (the crate's K_UNK_PENALTY). */
const UNKNOWN_PENALTY = 10;
/** Longer words get arrays of their own, so that one of them does not hold memory for good. */
const KEPT_LENGTH = 4096;
const UNREACHED = -1;

/** The best way to reach each place of a word. */
interface Paths {
  readonly scores: Float64Array;
  /** Where the last piece on the way begins; {@link UNREACHED} before there is a way. */
  readonly starts: Int32Array;
  readonly ids: Int32Array;
}

const pathsFor = (length: number): Paths => ({
  scores: new Float64Array(length),
  starts: new Int32Array(length),
  ids: new Int32Array(length),
});

/**
 * The score that the Rust crate reads: its JSON reader divides the digits by a power of ten, which may round twice, and
 * scores that were equal may then differ in the last bit.
 */
export function scoreAsRead(score: number): number {
  const [mantissa = '', exponent = '0'] = String(score).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const shift = Number(exponent) - fraction.length;
  const digits = Number(whole + fraction);
  // A literal, because ** is not exact for each power.
  const power = Number(`1e${Math.abs(shift)}`);
  return shift < 0 ? digits / power : digits * power;
}

/**
 * Unigram as in the Rust crate: of all ways to divide a word into pieces, the one with the greatest sum of scores; among
 * equal ones, the one that the crate finds first. Time grows with the length of the word times that of the longest
 * piece.
 */
export class Unigram {
  private readonly trie: PieceTrie;
  private readonly scores: Float64Array;
  private readonly unknownId: number;
  private readonly unknownScore: number;
  /** Id of the piece of each byte, or −1; null without byte fallback. */
  private readonly byteIds: Int32Array | null;
  private readonly kept = pathsFor(KEPT_LENGTH + 1);

  /** @throws Error when no piece of the vocabulary stands for unknown characters. */
  constructor({ vocab, unk_id: unknownId, byte_fallback: byteFallback = false }: UnigramConfig) {
    if (unknownId === null || unknownId >= vocab.length) {
      throw new Error(`tokenizer.json: unk_id ${String(unknownId)} is not in the vocabulary`);
    }
    this.trie = new PieceTrie(vocab.map(([piece], id) => [piece, id]));
    this.scores = Float64Array.from(vocab, ([, score]) => scoreAsRead(score));
    this.unknownId = unknownId;
    this.unknownScore =
      this.scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY;
    this.byteIds = byteFallback ? Int32Array.from({ length: 256 }, (_, byte) => this.byteId(byte)) : null;
  }

  /** Appends the ids of the word in `text` from `from` to `to` (exclusive). */
  encodeWord(text: string, from: number, to: number, ids: number[]): void {
    if (from === to) return;
    const word = text.slice(from, to);
    const paths = word.length <= KEPT_LENGTH ? this.kept : pathsFor(word.length + 1);
    this.findPaths(word, paths);
    const { starts, ids: pieceIds } = paths;
    // The ends of the pieces, last one first. A run of unknown characters is one piece.
    const ends: number[] = [];
    for (let end = word.length, wasUnknown = false; end > 0; end = starts[end] ?? 0) {
      const isUnknown = pieceIds[end] === this.unknownId;
      if (!(isUnknown && wasUnknown)) ends.push(end);
      wasUnknown = isUnknown;
    }
    for (let i = ends.length - 1, start = 0; i >= 0; i--) {
      const end = ends[i] ?? 0;
      const id = pieceIds[end] ?? this.unknownId;
      if (id === this.unknownId) this.appendUnknown(word, start, end, ids);
      else ids.push(id);
      start = end;
    }
  }

  private findPaths(word: string, { scores, starts, ids }: Paths): void {
    const { trie } = this;
    const length = word.length;
    starts.fill(UNREACHED, 0, length + 1);
    scores[0] = 0;
    for (let at = 0; at < length;) {
      const score = scores[at] ?? 0;
      const width = (word.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
      let hasSingle = false;
      let node = ROOT;
      for (let end = at; end < length;) {
        node = trie.step(node, word.charCodeAt(end++));
        if (node === NOWHERE) break;
        const id = trie.idAt(node);
        if (id < 0) continue;
        const candidate = (this.scores[id] ?? 0) + score;
        if (starts[end] === UNREACHED || candidate > (scores[end] ?? 0)) {
          scores[end] = candidate;
          starts[end] = at;
          ids[end] = id;
        }
        if (end - at === width) hasSingle = true;
      }
      if (!hasSingle) {
        const end = at + width;
        const candidate = this.unknownScore + score;
        if (starts[end] === UNREACHED || candidate > (scores[end] ?? 0)) {
          scores[end] = candidate;
          starts[end] = at;
          ids[end] = this.unknownId;
        }
      }
      at += width;
    }
  }

  /** The crate looks up a run of unknown characters once more, as one piece, and then as bytes. */
  private appendUnknown(word: string, start: number, end: number, ids: number[]): void {
    const id = this.idOf(word, start, end);
    if (id >= 0) {
      ids.push(id);
      return;
    }
    if (this.byteIds !== null) {
      const bytes = Buffer.from(word.slice(start, end));
      const { byteIds } = this;
      if (bytes.every((byte) => (byteIds[byte] ?? -1) >= 0)) {
        for (const byte of bytes) ids.push(byteIds[byte] ?? 0);
        return;
      }
    }
    ids.push(this.unknownId);
  }

  private byteId(byte: number): number {
    const piece = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    return this.idOf(piece, 0, piece.length);
  }

  private idOf(text: string, start: number, end: number): number {
    let node = ROOT;
    for (let i = start; i < end; i++) {
      node = this.trie.step(node, text.charCodeAt(i));
      if (node === NOWHERE) return -1;
    }
    return this.trie.idAt(node);
  }
}
