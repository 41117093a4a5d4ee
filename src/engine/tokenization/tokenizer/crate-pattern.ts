import {
  LETTERS,
  MARKS,
  NUMBERS,
  ONLY_WORD_IN_PATTERNS,
  ONLY_WORD_IN_WHITESPACE,
  PATTERN_PUNCTUATION,
  SYMBOLS,
  WORD,
} from './crate-classes.js';
import { WHITE_SPACE } from './rust-unicode.js';

/** The content of a JavaScript class (flag v) with these code points. */
export function classContent(ranges: string): string {
  return ranges.replace(
    /([0-9a-f]+)(?:-([0-9a-f]+))? ?/g,
    (_, first: string, last?: string) => `\\u{${first}}${last === undefined ? '' : `-\\u{${last}}`}`,
  );
}

const setOf = (ranges: string): string => `[${classContent(ranges)}]`;

/** What \w is for the pre-tokenizer Whitespace, which runs on another engine than the patterns of tokenizer.json. */
export const WHITESPACE_WORD = `[[${classContent(WORD)}${classContent(ONLY_WORD_IN_WHITESPACE)}]--${setOf(ONLY_WORD_IN_PATTERNS)}]`;

/** General categories whose members were measured. */
const measured: Readonly<Record<string, string>> = {
  L: setOf(LETTERS),
  N: setOf(NUMBERS),
  M: setOf(MARKS),
  P: setOf(PATTERN_PUNCTUATION),
  S: setOf(SYMBOLS),
};
const LONG_NAMES: Readonly<Record<string, string>> = {
  Letter: 'L',
  Number: 'N',
  Mark: 'M',
  Punctuation: 'P',
  Symbol: 'S',
};
/** Classes of one letter; the capital letter is the complement. */
const shorthands: Readonly<Record<string, string>> = {
  s: setOf(WHITE_SPACE),
  d: `[\\p{Nd}&&${measured.N ?? ''}]`,
  w: setOf(WORD),
  h: '[0-9a-fA-F]',
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, a: 7, e: 27 };
/** Characters that are no ASCII letter, and are one when case does not count. */
const FOLDED: Readonly<Record<string, string>> = { s: 'ſ', k: '\u212a' };

const literal = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;

/** All forms of a character when case does not count. */
function anyCase(char: string): readonly string[] {
  const lower = char.toLowerCase();
  const forms = [char, lower, char.toUpperCase(), FOLDED[lower] ?? ''];
  return [...new Set(forms)].filter((form) => Array.from(form).length === 1);
}

/** Reads a pattern once, from left to right, and writes it for JavaScript's flag v. */
class Translation {
  private at = 0;
  private atomics = 0;
  private ignoresCase = false;
  private readonly chars: readonly string[];

  constructor(private readonly pattern: string) {
    this.chars = Array.from(pattern);
  }

  whole(): string {
    const out = this.alternatives();
    if (this.at < this.chars.length) throw this.unsupported(')');
    return out;
  }

  /** Up to the end of the group, or of the pattern. Options that are switched on here end here. */
  private alternatives(): string {
    const { ignoresCase } = this;
    let out = '';
    while (this.at < this.chars.length && this.peek() !== ')') {
      out += this.peek() === '|' ? this.take() : this.quantified(this.atom());
    }
    this.ignoresCase = ignoresCase;
    return out;
  }

  private quantified(atom: string): string {
    let out = atom;
    for (;;) {
      const counted = /^\{(\d*)(,?)(\d*)\}/.exec(this.ahead(24));
      if (counted !== null && `${counted[1] ?? ''}${counted[3] ?? ''}` !== '') {
        this.at += counted[0].length;
        const [, least = '', comma = '', most = ''] = counted;
        out = `(?:${out}){${least === '' ? '0' : least}${comma}${most}}${this.takeIf('?')}`;
      } else if (['*', '+', '?'].includes(this.peek())) {
        out = `(?:${out})${this.take()}`;
        if (this.peek() === '?') out += this.take();
        else if (this.peek() === '+') {
          this.at++;
          out = this.atomic(out);
        }
      } else return out;
    }
  }

  /** What has matched is not given back: a look-ahead keeps it, and a reference takes it. */
  private atomic(content: string): string {
    const name = `kept${this.atomics++}`;
    return `(?:(?=(?<${name}>${content}))\\k<${name}>)`;
  }

  private atom(): string {
    const char = this.take();
    if (char === '(') return this.group();
    if (char === '[') return this.set();
    if (char === '.') return '[^\\n]';
    if (char === '^') return '(?<![^\\n])';
    if (char === '$') return '(?![^\\n])';
    if (char !== '\\') return this.character(char);
    const assertion = this.assertion();
    return assertion ?? this.escapedSet() ?? this.character(this.escapedCharacter());
  }

  private character(char: string): string {
    return this.ignoresCase ? `[${anyCase(char).map(literal).join('')}]` : literal(char);
  }

  private group(): string {
    if (this.peek() !== '?') return this.rest('(?:');
    this.at++;
    const opening = /^(?::|=|!|<=|<!|>|i:|i\)|-i:|<\w+>)/.exec(this.ahead(40))?.[0];
    if (opening === undefined) throw this.unsupported(`(?${this.peek()}`);
    this.at += opening.length;
    if (opening === 'i)') {
      this.ignoresCase = true;
      return '';
    }
    if (opening === '>') return this.atomic(this.rest(''));
    if (!opening.endsWith('i:')) return this.rest(/^<\w/.test(opening) ? '(?:' : `(?${opening}`);
    const { ignoresCase } = this;
    this.ignoresCase = opening === 'i:';
    const out = this.rest('(?:');
    this.ignoresCase = ignoresCase;
    return out;
  }

  private rest(opening: string): string {
    const content = this.alternatives();
    if (this.peek() !== ')') throw this.unsupported('(');
    this.at++;
    return opening === '' ? content : `${opening}${content})`;
  }

  /** A class, behind its `[`. Classes inside are classes for JavaScript too. */
  private set(): string {
    let out = this.takeIf('^') === '' ? '[' : '[^';
    for (let first = true; this.peek() !== ']' || first; first = false) {
      if (this.at >= this.chars.length || this.ahead(2) === '&&' || this.ahead(2) === '[:') {
        throw this.unsupported(this.at >= this.chars.length ? '[' : this.ahead(2));
      }
      const char = this.take();
      if (char === '[') {
        out += this.set();
        continue;
      }
      const inner = char === '\\' ? this.escapedSet() : null;
      if (inner !== null) {
        out += inner;
        continue;
      }
      const from = char === '\\' ? this.escapedCharacter() : char;
      out += this.peek() === '-' && this.chars[this.at + 1] !== ']' ? this.range(from) : this.member(from);
    }
    this.at++;
    return `${out}]`;
  }

  private range(from: string): string {
    this.at++;
    const char = this.take();
    const to = char === '\\' ? this.escapedCharacter() : char;
    if (!this.ignoresCase) return `${literal(from)}-${literal(to)}`;
    let out = '';
    for (let code = from.codePointAt(0) ?? 0; code <= (to.codePointAt(0) ?? 0); code++) {
      out += anyCase(String.fromCodePoint(code)).map(literal).join('');
    }
    return out;
  }

  private member(char: string): string {
    return this.ignoresCase ? anyCase(char).map(literal).join('') : literal(char);
  }

  /** Behind a backslash outside a class; null: it is no assertion. */
  private assertion(): string | null {
    const word = shorthands.w ?? '';
    const found = {
      A: '(?<![^])',
      z: '(?![^])',
      Z: '(?=\\n?(?![^]))',
      b: `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`,
      B: `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`,
    }[this.peek()];
    if (found === undefined) return null;
    this.at++;
    return found;
  }

  /** Behind a backslash: a class of its own; null: a single character follows. */
  private escapedSet(): string | null {
    const char = this.peek();
    const shorthand = shorthands[char.toLowerCase()];
    if (shorthand !== undefined) {
      this.at++;
      return char === char.toLowerCase() ? shorthand : `[^${shorthand}]`;
    }
    if (char.toLowerCase() !== 'p') return null;
    const property = /^[pP]\{(\^?)([\w ]+)\}/.exec(this.ahead(60));
    if (property === null) throw this.unsupported(`\\${char}`);
    this.at += property[0].length;
    const members = this.property(property[2] ?? '');
    return (char === 'P') === (property[1] === '^') ? members : `[^${members}]`;
  }

  private property(name: string): string {
    const own = measured[LONG_NAMES[name] ?? name];
    if (own !== undefined) return own;
    const inside = measured[name.charAt(0)];
    if (/^[LNMPS][a-z]$/.test(name) && inside !== undefined && isClass(`\\p{${name}}`)) {
      return `[\\p{${name}}&&${inside}]`;
    }
    for (const candidate of [`\\p{${name}}`, `\\p{Script=${name}}`]) if (isClass(candidate)) return candidate;
    throw this.unsupported(`\\p{${name}}`);
  }

  private escapedCharacter(): string {
    const coded = /^(?:x([0-9a-fA-F]{2})|x\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4}))/.exec(this.ahead(10));
    if (coded !== null) {
      this.at += coded[0].length;
      return String.fromCodePoint(Number.parseInt(coded[1] ?? coded[2] ?? coded[3] ?? '', 16));
    }
    const char = this.take();
    const control = CONTROLS[char];
    if (control !== undefined) return String.fromCharCode(control);
    if (/[0-9A-Za-z]/.test(char) || char === '') throw this.unsupported(`\\${char}`);
    return char;
  }

  private peek(): string {
    return this.chars[this.at] ?? '';
  }

  private ahead(count: number): string {
    return this.chars.slice(this.at, this.at + count).join('');
  }

  private take(): string {
    return this.chars[this.at++] ?? '';
  }

  private takeIf(char: string): string {
    return this.peek() === char ? this.take() : '';
  }

  private unsupported(what: string): Error {
    return new Error(
      `tokenizer.json: the pattern ${JSON.stringify(this.pattern)} has ${JSON.stringify(what)}, which is not supported there`,
    );
  }
}

function isClass(source: string): boolean {
  try {
    return new RegExp(source, 'v').source !== '';
  } catch {
    return false;
  }
}

/**
 * A pattern of tokenizer.json as a JavaScript one that finds the same matches. The Rust crate runs it on Oniguruma,
 * whose classes (\s, \w, \p{…}), line ends and possessive quantifiers are other than those of JavaScript.
 * @throws Error with a sentence when the pattern has a construct that is not translated
 */
export function crateRegExp(pattern: string): RegExp {
  return new RegExp(new Translation(pattern).whole(), 'gv');
}
