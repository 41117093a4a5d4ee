import { CodePointSet, codePointTable, eachCodePoint } from './code-points.js';
import { COMBINING_CLASSES, COMPATIBILITY_DECOMPOSED } from './rust-forms.js';
import { DECOMPOSED } from './rust-unicode.js';

export type FormName = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

const HANGUL_FIRST = 0xac00;
const HANGUL_LAST = 0xd7a3;
const LEADING_FIRST = 0x1100;
const VOWEL_FIRST = 0x1161;
const TRAILING_BEFORE_FIRST = 0x11a7;
const LEADING = 19;
const VOWELS = 21;
const TRAILING = 28;
const CODE_POINTS = 0x110000;
const NONE = -1;

/** Texts of these alone are in the form already. */
const UNCHANGED: Readonly<Record<FormName, RegExp>> = {
  NFC: /^[\0-\u02ff]*$/,
  NFD: /^[\0-\x7f]*$/,
  NFKC: /^[\0-\x9f]*$/,
  NFKD: /^[\0-\x7f]*$/,
};

/** The canonical combining class of each code point, 0 for starters. */
const combiningClass = codePointTable();
for (const [name, codePoints] of Object.entries(COMBINING_CLASSES)) {
  eachCodePoint(codePoints, (codePoint) => (combiningClass[codePoint] = Number(name)));
}
const canonical = new CodePointSet(DECOMPOSED);
const compatible = new CodePointSet(COMPATIBILITY_DECOMPOSED);

/** The primary composites, by their two parts. */
function readComposites(): ReadonlyMap<number, number> {
  const composites = new Map<number, number>();
  eachCodePoint(DECOMPOSED, (codePoint) => {
    const char = String.fromCodePoint(codePoint);
    // Composition exclusions and singletons do not come back.
    if (char.normalize('NFC') !== char) return;
    const parts = Array.from(char.normalize('NFD'));
    const last = parts.pop()?.codePointAt(0) ?? 0;
    const first = parts.join('').normalize('NFC').codePointAt(0) ?? 0;
    composites.set(first * CODE_POINTS + last, codePoint);
  });
  return composites;
}
let composites: ReadonlyMap<number, number> | null = null;

/** The code point that two make, or {@link NONE}. */
function composed(first: number, second: number): number {
  const leading = first - LEADING_FIRST;
  const vowel = second - VOWEL_FIRST;
  if (leading >= 0 && leading < LEADING && vowel >= 0 && vowel < VOWELS) {
    return HANGUL_FIRST + (leading * VOWELS + vowel) * TRAILING;
  }
  const trailing = second - TRAILING_BEFORE_FIRST;
  if (first >= HANGUL_FIRST && first <= HANGUL_LAST && trailing > 0 && trailing < TRAILING) {
    return (first - HANGUL_FIRST) % TRAILING === 0 ? first + trailing : NONE;
  }
  composites ??= readComposites();
  return composites.get(first * CODE_POINTS + second) ?? NONE;
}

/**
 * One of Unicode's normal forms with the tables of the Rust crate, which are of Unicode 9: newer characters stay as they
 * are, and end a run of combining marks. The JavaScript engine is asked for the decompositions of characters that the
 * crate knows; these never change. Takes linear time for any text, but for the sorting of a run of marks, which takes
 * n log n.
 */
export class UnicodeForm {
  private readonly composes: boolean;
  private readonly isCompatible: boolean;
  private readonly decompositions = new Map<number, readonly number[]>();

  constructor(private readonly name: FormName) {
    this.composes = name === 'NFC' || name === 'NFKC';
    this.isCompatible = name === 'NFKC' || name === 'NFKD';
  }

  normalize(text: string): string {
    if (UNCHANGED[this.name].test(text)) return text;
    const sink = this.composes ? new Composer() : new Collector();
    let marks: number[] = [];
    const add = (codePoint: number): void => {
      if (combiningClass[codePoint] !== 0) {
        marks.push(codePoint);
        return;
      }
      if (marks.length > 0) {
        for (const mark of inOrder(marks)) sink.add(mark);
        marks = [];
      }
      sink.add(codePoint);
    };
    for (let i = 0; i < text.length; i++) {
      const codePoint = text.codePointAt(i) ?? 0;
      if (codePoint > 0xffff) i++;
      const parts = this.decomposition(codePoint);
      if (parts === null) add(codePoint);
      else for (const part of parts) add(part);
    }
    for (const mark of inOrder(marks)) sink.add(mark);
    return sink.end();
  }

  private decomposition(codePoint: number): readonly number[] | null {
    const isHangul = codePoint >= HANGUL_FIRST && codePoint <= HANGUL_LAST;
    const changes = isHangul || canonical.has(codePoint) || (this.isCompatible && compatible.has(codePoint));
    if (!changes) return null;
    let parts = this.decompositions.get(codePoint);
    if (parts === undefined) {
      const decomposed = String.fromCodePoint(codePoint).normalize(this.isCompatible ? 'NFKD' : 'NFD');
      parts = Array.from(decomposed, (part) => part.codePointAt(0) ?? 0);
      this.decompositions.set(codePoint, parts);
    }
    return parts;
  }
}

/** A run of marks by class, and within a class as they came. */
function inOrder(marks: number[]): readonly number[] {
  if (marks.length < 2) return marks;
  return marks.sort((a, b) => (combiningClass[a] ?? 0) - (combiningClass[b] ?? 0));
}

class Collector {
  private text = '';

  add(codePoint: number): void {
    this.text += String.fromCodePoint(codePoint);
  }

  end(): string {
    return this.text;
  }
}

/** Canonical composition: a starter takes up what follows it and is not blocked. */
class Composer {
  private text = '';
  private starter = NONE;
  /** Marks after the starter that it did not take up. */
  private kept: number[] = [];
  private lastClass = 0;

  add(codePoint: number): void {
    const itsClass = combiningClass[codePoint] ?? 0;
    if (this.starter === NONE) {
      if (itsClass === 0) this.starter = codePoint;
      else this.text += String.fromCodePoint(codePoint);
      return;
    }
    const isBlocked = this.kept.length > 0 && this.lastClass >= itsClass;
    const whole = isBlocked ? NONE : composed(this.starter, codePoint);
    if (whole !== NONE) {
      this.starter = whole;
    } else if (itsClass === 0) {
      this.flush();
      this.starter = codePoint;
    } else {
      this.kept.push(codePoint);
      this.lastClass = itsClass;
    }
  }

  end(): string {
    if (this.starter !== NONE) this.flush();
    return this.text;
  }

  private flush(): void {
    this.text += String.fromCodePoint(this.starter);
    for (const mark of this.kept) this.text += String.fromCodePoint(mark);
    this.kept = [];
    this.lastClass = 0;
  }
}
