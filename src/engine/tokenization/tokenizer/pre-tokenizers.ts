import { BertPreTokenizer } from './bert-pre-tokenizer.js';
import { byteCharacters } from './byte-characters.js';
import { LATE_NUMBERS, NUMBERS } from './crate-classes.js';
import { classContent, crateRegExp, WHITESPACE_WORD } from './crate-pattern.js';
import { metaspace, type MetaspaceConfig, prependsToFirst } from './metaspace.js';
import { PUNCTUATION, WHITE_SPACE } from './rust-unicode.js';

/** Takes the next word. @returns false when no further word is wanted */
export type Visit = (word: string) => boolean;

/**
 * Gives the words of a text to `visit`, in order, until it returns false; no word is empty.
 * @param section index of the text among the parts between added tokens
 * @returns false when `visit` has ended it
 */
export type EachWord = (text: string, section: number, visit: Visit) => boolean;

/** What becomes of the parts of a text that match (Rust's SplitDelimiterBehavior). */
type Behavior = 'Removed' | 'Isolated' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous';

/** A pre-tokenizer's entry of tokenizer.json. */
export interface PreTokenizerConfig extends MetaspaceConfig {
  readonly type?: string;
  readonly pretokenizers?: readonly PreTokenizerConfig[];
  readonly use_regex?: boolean;
  readonly pattern?: { readonly String?: string; readonly Regex?: string };
  readonly behavior?: string;
  readonly invert?: boolean;
  readonly individual_digits?: boolean;
  readonly delimiter?: string;
}

/** The pattern of GPT-2, which ByteLevel uses. */
const BYTE_LEVEL_PATTERN =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

const single = (ranges: string): RegExp => new RegExp(`[${classContent(ranges)}]`, 'gv');

/**
 * The Rust crate's pre-tokenizers, but for UnicodeScripts. All take linear time with the patterns of the known
 * tokenizers.
 * @returns null for a kind that is not implemented here
 * @throws Error with a sentence when the entry has something that is not supported
 */
export function ownPreTokenizer(config: PreTokenizerConfig): EachWord | null {
  switch (config.type) {
    case 'BertPreTokenizer':
      return bertWords();
    case 'ByteLevel':
      return byteLevel(config);
    case 'Split':
      return split(patternOf(config), behaviorOf(config.behavior), config.invert ?? false);
    case 'Whitespace':
      return split(
        new RegExp(`${WHITESPACE_WORD}+|[^${WHITESPACE_WORD}${classContent(WHITE_SPACE)}]+`, 'gv'),
        'Removed',
        true,
      );
    case 'WhitespaceSplit':
      return split(single(WHITE_SPACE), 'Removed', false);
    case 'Punctuation':
      return split(single(PUNCTUATION), behaviorOf(config.behavior ?? 'Isolated'), false);
    case 'Digits':
      return split(
        single(`${NUMBERS} ${LATE_NUMBERS}`),
        config.individual_digits === true ? 'Isolated' : 'Contiguous',
        false,
      );
    case 'CharDelimiterSplit':
      return split(literally(config.delimiter ?? ''), 'Removed', false);
    case 'Metaspace':
      return metaspace(config);
    case undefined:
    default:
      return null;
  }
}

/** Whether all steps are implemented here. */
export function isOwnPreTokenizer(config: PreTokenizerConfig | null): boolean {
  if (config === null) return true;
  if (config.type !== 'Sequence') return ownPreTokenizer(config) !== null;
  return config.pretokenizers?.every(isOwnPreTokenizer) ?? false;
}

/** Steps of a Sequence whose Metaspace treats the beginning of the text in its own way; the place is their index. */
export function placesOfFirst(config: PreTokenizerConfig | null): number[] {
  const steps = config?.type === 'Sequence' ? (config.pretokenizers ?? []) : config === null ? [] : [config];
  return steps.flatMap((step, place) => (step.type === 'Metaspace' && prependsToFirst(step) ? [place] : []));
}

/**
 * The entry that the library gets to build: without the steps that are implemented here, some of which it does not
 * know. In a Sequence a simple step stands for each of them, so that the others keep their places.
 */
export function entryForLibrary(config: PreTokenizerConfig | null): PreTokenizerConfig | null {
  if (config?.type !== 'Sequence') return config === null || ownPreTokenizer(config) !== null ? null : config;
  const steps = config.pretokenizers ?? [];
  return {
    ...config,
    pretokenizers: steps.map((step) => entryForLibrary(step) ?? { type: 'WhitespaceSplit' }),
  };
}

/** Each word of the first step is a text for the second, and so on. */
export function inSequence(steps: readonly EachWord[]): EachWord {
  return steps.reduceRight<EachWord>(
    (following, step) => (text, section, visit) =>
      step(text, section, (word) => following(word, section, visit)),
    (text, _section, visit) => visit(text),
  );
}

function bertWords(): EachWord {
  const bert = new BertPreTokenizer();
  return (text, _section, visit) => {
    let goesOn = true;
    bert.eachWord(text, (start, end) => (goesOn = visit(text.slice(start, end))));
    return goesOn;
  };
}

function byteLevel(config: PreTokenizerConfig): EachWord {
  const words = config.use_regex === false ? null : split(crateRegExp(BYTE_LEVEL_PATTERN), 'Isolated', false);
  const addsSpace = config.add_prefix_space ?? true;
  return (text, section, visit) => {
    const whole = addsSpace && !text.startsWith(' ') ? ` ${text}` : text;
    if (words === null) return visit(byteCharacters(whole));
    return words(whole, section, (word) => visit(byteCharacters(word)));
  };
}

function patternOf({ pattern }: PreTokenizerConfig): RegExp {
  if (pattern?.Regex !== undefined) return crateRegExp(pattern.Regex);
  return literally(pattern?.String ?? '');
}

/** Never matches for an empty string, as in the crate. */
function literally(text: string): RegExp {
  const units = Array.from(text, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
  return new RegExp(text === '' ? '[]' : units.join(''), 'gv');
}

function behaviorOf(name: string | undefined): Behavior {
  const known = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
  const found = known.find((behavior) => behavior === name);
  if (found !== undefined) return found;
  throw new Error(`tokenizer.json: Split cannot have the behavior ${JSON.stringify(name)}`);
}

/** Takes the parts of a text in order. @returns false to end */
type VisitPart = (start: number, end: number, matches: boolean) => boolean;

/** All parts of the text, those that match and those between them. @returns false when `visit` has ended it */
function eachPart(text: string, pattern: RegExp, visit: VisitPart): boolean {
  let from = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const start = match.index;
    const end = start + match[0].length;
    if (end === start) {
      // No part is empty; the search goes on behind the next character.
      pattern.lastIndex = end + ((text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1);
      continue;
    }
    if (from < start && !visit(from, start, false)) return false;
    if (!visit(start, end, true)) return false;
    from = end;
  }
  return from === text.length || visit(from, text.length, false);
}

function split(pattern: RegExp, behavior: Behavior, invert: boolean): EachWord {
  if (behavior === 'Removed' || behavior === 'Isolated') {
    return (text, _section, visit) =>
      eachPart(text, pattern, (start, end, matches) => {
        if (behavior === 'Removed' && matches !== invert) return true;
        return visit(text.slice(start, end));
      });
  }
  return (text, _section, visit) => joined(text, pattern, { behavior, invert }, visit);
}

/** Parts that are joined to a neighbour wait until it is known where they end. */
function joined(
  text: string,
  pattern: RegExp,
  { behavior, invert }: { readonly behavior: Behavior; readonly invert: boolean },
  visit: Visit,
): boolean {
  let from = 0;
  let until = 0;
  let before: boolean | null = null;
  const joins = (matches: boolean): boolean => {
    if (behavior === 'Contiguous') return matches === (before ?? false);
    return behavior === 'MergedWithPrevious' ? matches && before === false : !matches && before === true;
  };
  const goesOn = eachPart(text, pattern, (start, end, found) => {
    const matches = found !== invert;
    if (until > from && !joins(matches)) {
      if (!visit(text.slice(from, until))) return false;
      from = start;
    }
    until = end;
    before = matches;
    return true;
  });
  return goesOn && (until === from || visit(text.slice(from, until)));
}
