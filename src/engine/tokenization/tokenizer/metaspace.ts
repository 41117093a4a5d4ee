import type { EachWord } from './pre-tokenizers.js';

/** The entry of a Metaspace in tokenizer.json. */
export interface MetaspaceConfig {
  readonly replacement?: string;
  /** Older files say false for the scheme `never`. */
  readonly add_prefix_space?: boolean;
  readonly prepend_scheme?: string;
  readonly split?: boolean;
}

const SCHEMES: readonly string[] = ['always', 'first', 'never'];

/** Where a space is put in front: before each part of a text, before the first one, or nowhere. */
function schemeOf({
  add_prefix_space: addsPrefix,
  prepend_scheme: scheme = 'always',
}: MetaspaceConfig): string {
  return addsPrefix === false ? 'never' : scheme;
}

/**
 * Makes a visible character of each space, puts one in front, and lets a word begin at each.
 * @throws Error with a sentence when the entry has something that is not supported
 */
export function metaspace(config: MetaspaceConfig): EachWord {
  const { replacement = '', split = true } = config;
  const scheme = schemeOf(config);
  if (replacement === '') throw new Error('tokenizer.json: Metaspace must have a replacement');
  if (!SCHEMES.includes(scheme)) {
    throw new Error(`tokenizer.json: Metaspace cannot have the prepend_scheme ${JSON.stringify(scheme)}`);
  }
  return (text, section, visit) => {
    let words = text.replaceAll(' ', replacement);
    const isPrefixed = scheme === 'always' || (scheme === 'first' && section === 0);
    if (isPrefixed && !words.startsWith(replacement)) words = replacement + words;
    if (!split) return visit(words);
    for (let start = 0; start < words.length;) {
      const found = words.indexOf(replacement, start + replacement.length);
      const end = found < 0 ? words.length : found;
      if (!visit(words.slice(start, end))) return false;
      start = end;
    }
    return true;
  };
}

/** Whether the entry puts a space in front of the first part of a text alone. */
export function prependsToFirst(config: MetaspaceConfig): boolean {
  return schemeOf(config) === 'first';
}
