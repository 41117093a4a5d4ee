import { isJsonObject, type JsonObject } from '../../../base/json-object.js';
import { BertNormalizer, type BertNormalizerConfig, LowercaseNormalizer } from './bert-normalizer.js';
import { crateRegExp } from './crate-pattern.js';
import { Precompiled } from './precompiled.js';
import { nmt, strip, stripAccents } from './text-normalizers.js';
import { type FormName, UnicodeForm } from './unicode-form.js';

export type Normalize = (text: string) => string;

/** Makes the normalizer of an entry of tokenizer.json; null when the entry asks for more than is implemented. */
type Maker = (config: JsonObject) => Normalize | null;

const form =
  (name: FormName): Maker =>
  () => {
    const itsForm = new UnicodeForm(name);
    return (text) => itsForm.normalize(text);
  };

const MAKERS: Readonly<Record<string, Maker>> = {
  BertNormalizer: (config) => {
    const bert = new BertNormalizer(config as unknown as BertNormalizerConfig);
    return (text) => bert.normalize(text);
  },
  Lowercase: () => {
    const lowercase = new LowercaseNormalizer();
    return (text) => lowercase.normalize(text);
  },
  NFC: form('NFC'),
  NFD: form('NFD'),
  NFKC: form('NFKC'),
  NFKD: form('NFKD'),
  Precompiled: ({ precompiled_charsmap: charsmap }) => {
    if (typeof charsmap !== 'string') return null;
    const precompiled = new Precompiled(charsmap);
    return (text) => precompiled.normalize(text);
  },
  Strip:
    ({ strip_left: left, strip_right: right }) =>
    (text) =>
      strip(text, left === true, right === true),
  StripAccents: () => stripAccents,
  Nmt: () => nmt,
  Prepend: ({ prepend }) =>
    typeof prepend === 'string' ? (text) => (text === '' ? text : prepend + text) : null,
  Replace: ({ pattern, content }) => {
    if (!isJsonObject(pattern) || typeof content !== 'string') return null;
    const { String: literal, Regex: source } = pattern;
    const by = (): string => content;
    if (typeof literal === 'string' && literal !== '') return (text) => text.replaceAll(literal, by);
    if (typeof source !== 'string') return null;
    const found = crateRegExp(source);
    return (text) => text.replace(found, by);
  },
  Sequence: ({ normalizers }) => {
    if (!Array.isArray(normalizers)) return null;
    const steps: Normalize[] = [];
    for (const config of normalizers as unknown[]) {
      const step = ownNormalizer(config);
      if (step === null) return null;
      steps.push(step);
    }
    return (text) => steps.reduce((result, step) => step(result), text);
  },
};

/**
 * The normalizer of tokenizer.json with the behaviour of the Rust crate; null when it, or a step of it, is not
 * implemented here.
 * @param config `normalizer` of tokenizer.json, or a step of it
 * @throws Error when an entry is damaged
 */
export function ownNormalizer(config: unknown): Normalize | null {
  if (config === null || config === undefined) return (text) => text;
  if (!isJsonObject(config) || typeof config.type !== 'string') return null;
  return Object.hasOwn(MAKERS, config.type) ? (MAKERS[config.type]?.(config) ?? null) : null;
}

/** Steps after which the first character of a text is still that of the original, as far as Metaspace can tell. */
const KEEP_BEGINNING: readonly unknown[] = ['Lowercase', 'NFC', 'NFD', 'NFKC', 'NFKD', 'Precompiled'];

/**
 * Whether a normalizer leaves a text's beginning in its place. Metaspace with the scheme `first` looks at the place that
 * the first character had in the original text, and this is lost otherwise.
 */
export function keepsBeginning(config: unknown): boolean {
  if (!isJsonObject(config)) return true;
  const { type, normalizers, strip_left: stripLeft, content } = config;
  if (type === 'Sequence') return Array.isArray(normalizers) && normalizers.every(keepsBeginning);
  if (type === 'Strip') return stripLeft !== true;
  // A space, or its stand-in, gets no second one in front.
  if (type === 'Replace') return typeof content === 'string' && /^[ \u2581]/.test(content);
  return KEEP_BEGINNING.includes(type);
}
