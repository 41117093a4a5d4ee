import { CodePointSet, codePointTable } from './code-points.js';
import { MarkRun } from './mark-run.js';
import * as rust from './rust-unicode.js';

/** The normalizer's entry of tokenizer.json. */
export interface BertNormalizerConfig {
  readonly clean_text: boolean;
  readonly handle_chinese_chars: boolean;
  /** null: as `lowercase`. */
  readonly strip_accents: boolean | null;
  readonly lowercase: boolean;
}

/** The effect of a code point on the text; 0 means not known yet. */
const KEEP = 1;
/** The code point is removed. */
const DROP = 2;
/** The code point becomes a string that ends the run of combining marks before it. */
const REPLACE = 3;
/** The code point contains combining marks that accent stripping keeps and that NFD sorts among their neighbours. */
const MARKS = 4;

/** `head` ends the run of marks before it; null when the run continues. `marks` begin or continue a run. */
interface Expansion {
  readonly head: string | null;
  readonly marks: string;
}

const PRINTABLE_ASCII = /^[ -~]*$/;
const HANGUL_FIRST = 0xac00;
const HANGUL_LAST = 0xd7a3;

const cleaned = new CodePointSet(rust.CLEANED);
const whiteSpace = new CodePointSet(rust.WHITE_SPACE);
const chinese = new CodePointSet(rust.CHINESE);
const decomposed = new CodePointSet(rust.DECOMPOSED);
const nonspacingMarks = new CodePointSet(rust.NONSPACING_MARKS);
const nonstarters = new CodePointSet(rust.NONSTARTERS);

/**
 * BertNormalizer with the behaviour of the Rust crate: cleans the text, separates Chinese characters, applies NFD
 * without nonspacing marks, and converts to lower case. Each code point is converted separately: a final Σ becomes σ,
 * while `toLowerCase` of a whole word would give ς.
 *
 * The effect of a code point is computed when it is first seen, so a text costs one table read per character. Only
 * NFD's sorting of combining marks depends on neighbours. Nonspacing marks are removed, so only the few remaining marks
 * are sorted, in linear time even for a megabyte of marks (ICU's own insertion sort is quadratic).
 */
export class BertNormalizer {
  private readonly effects = codePointTable();
  private readonly expansions = new Map<number, Expansion>();
  private readonly stripAccents: boolean;

  constructor(private readonly config: BertNormalizerConfig) {
    this.stripAccents = config.strip_accents ?? config.lowercase;
  }

  normalize(text: string): string {
    if (PRINTABLE_ASCII.test(text)) return this.config.lowercase ? text.toLowerCase() : text;
    let out = '';
    const marks = new MarkRun();
    let keptFrom = 0;
    for (let i = 0; i < text.length; i++) {
      const start = i;
      let codePoint = text.charCodeAt(i);
      if (codePoint >= 0xd800 && codePoint < 0xdc00) {
        codePoint = text.codePointAt(i) ?? codePoint;
        if (codePoint > 0xffff) i++;
      }
      let effect = this.effects[codePoint];
      if (effect === undefined || effect === 0) effect = this.classify(codePoint);
      if (effect === KEEP) {
        if (!marks.isEmpty) out += marks.take();
        continue;
      }
      if (keptFrom < start) out += text.slice(keptFrom, start);
      keptFrom = i + 1;
      if (effect === DROP) continue;
      const expansion = this.expansions.get(codePoint);
      if (expansion === undefined) continue;
      if (expansion.head !== null) {
        if (!marks.isEmpty) out += marks.take();
        out += expansion.head;
      }
      if (effect === MARKS) marks.add(expansion.marks);
    }
    out += text.slice(keptFrom) + marks.take();
    return out;
  }

  private classify(codePoint: number): number {
    const char = String.fromCodePoint(codePoint);
    const expansion = this.expand(codePoint, char);
    let effect: number;
    if (expansion.marks !== '') effect = MARKS;
    else if (expansion.head === null) effect = DROP;
    else if (expansion.head === char) effect = KEEP;
    else effect = REPLACE;
    if (effect === REPLACE || effect === MARKS) this.expansions.set(codePoint, expansion);
    this.effects[codePoint] = effect;
    return effect;
  }

  private expand(codePoint: number, char: string): Expansion {
    const { clean_text, handle_chinese_chars } = this.config;
    if (clean_text && cleaned.has(codePoint)) return { head: null, marks: '' };
    if (clean_text && whiteSpace.has(codePoint)) return { head: ' ', marks: '' };
    const { head, marks } = this.stripAccents ? decompose(codePoint, char) : { head: char, marks: '' };
    const lower = head !== null && this.config.lowercase ? lowerEach(head) : head;
    if (handle_chinese_chars && chinese.has(codePoint)) return { head: ` ${lower ?? ''} `, marks };
    return { head: lower, marks };
  }
}

/** NFD of one code point without its nonspacing marks. */
function decompose(codePoint: number, char: string): Expansion {
  const isHangul = codePoint >= HANGUL_FIRST && codePoint <= HANGUL_LAST;
  const parts = isHangul || decomposed.has(codePoint) ? char.normalize('NFD') : char;
  let head: string | null = null;
  const marks = new MarkRun();
  for (const part of parts) {
    const partCodePoint = part.codePointAt(0) ?? 0;
    const dropped = nonspacingMarks.has(partCodePoint);
    if (!nonstarters.has(partCodePoint)) {
      head = (head ?? '') + marks.take() + (dropped ? '' : part);
    } else if (!dropped) {
      marks.add(part);
    }
  }
  return { head, marks: marks.take() };
}

function lowerEach(text: string): string {
  let out = '';
  for (const char of text) out += char.toLowerCase();
  return out;
}

/** The crate's Lowercase normalizer, which converts each code point separately. */
export class LowercaseNormalizer {
  normalize(text: string): string {
    return text.includes('Σ') ? lowerEach(text) : text.toLowerCase();
  }
}
