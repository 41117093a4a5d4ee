/**
 * Texts that tokenizers find hard, by kind: taken from training/golden_texts.json, which tests those of the shipped
 * versions. Lone surrogates are left out: Python's tokenizers refuse them.
 */
const HARD_TEXTS: Readonly<Record<string, readonly string[]>> = {
  greek: ['ΟΔΥΣΣΕΥΣ ΛΌΓΟΣ', 'ΟΔΥΣΣΕΥΣ', 'Σ', 'ΣΑΣ ΣΑΣ.', 'λόγος λόγοσ ΛΌΓΟΣ', 'ΆΈΉΊΌΎΏ ΐΰ'],
  emoji: [
    'I loved it \u{1f60d}\u{1f60d}\u{1f60d}',
    '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466} a family film',
    '\u{1f1eb}\u{1f1f7}\u{1f1ef}\u{1f1f5} flags',
    'so bad \u{1f92e}\u{1f92e} never again \u{1f4a9}',
    '\u2764\ufe0f',
    '\u{1fae0}\u{1fae5}\u{1faf6}',
  ],
  combining: [
    'e\u0301e\u0301e\u0301',
    'a\u0301\u0323 good film',
    '\u0301\u0302',
    'q\u0307\u0323 q\u0323\u0307',
    'o\u0308 u\u0308 a\u0308',
    '\u1e69 s\u0323\u0307 s\u0307\u0323',
  ],
  cjk: [
    '这部电影很好看',
    '素晴らしい映画でした\u3002',
    'カタカナ \uff8a\uff9d\uff76\uff78',
    '中文English混排text',
    '豈更車',
    '\uff46\uff55\uff4c\uff4c\uff57\uff49\uff44\uff54\uff48 \uff34\uff25\uff38\uff34\uff01',
  ],
  hangul: [
    '\uc774 \uc601\ud654\ub294 \uc815\ub9d0 \uc88b\uc558\ub2e4',
    '\u1112\u1161\u11ab\u1100\u116e\u11a8',
    '\ud55c\uad6d \uc601\ud654',
    '\uac00',
    '\u1100\u1161',
    'ㄱㄴㄷ ㅏㅑ',
  ],
  arabic: [
    '\u0647\u0630\u0627 \u0627\u0644\u0641\u064a\u0644\u0645 \u0631\u0627\u0626\u0639',
    '\u0641\u064a\u0644\u0645 \u0633\u064a\u0626 \u062c\u062f\u0627!',
    '\u0644\u0627 \u0625\u0644\u0647',
    '\ufdfa',
    '\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669',
    '\u0641\u0627\u0631\u0633\u06cc \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645',
  ],
  rtl: [
    '\u05e1\u05e8\u05d8 \u05e0\u05d4\u05d3\u05e8',
    '\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd \u05e2\u05b2\u05dc\u05b5\u05d9\u05db\u05b6\u05dd',
    '\u200fgood\u200e film',
    '\u202egood film\u202c',
    '\u2067isolate\u2069 bad',
    'abc \u05d0\u05d1\u05d2 123',
  ],
  indic: [
    '\u092f\u0939 \u092b\u093c\u093f\u0932\u094d\u092e \u092c\u0939\u0941\u0924 \u0905\u091a\u094d\u091b\u0940 \u0925\u0940',
    '\u0939\u093f\u0928\u094d\u0926\u0940',
    '\u0ba4\u0bae\u0bbf\u0bb4\u0bcd \u0ba4\u0bbf\u0bb0\u0bc8\u0baa\u0bcd\u0baa\u0b9f\u0bae\u0bcd',
    '\u0e2b\u0e19\u0e31\u0e07\u0e40\u0e23\u0e37\u0e48\u0e2d\u0e07\u0e19\u0e35\u0e49\u0e14\u0e35\u0e21\u0e32\u0e01',
    '\u1797\u17b6\u179f\u17b6\u1781\u17d2\u1798\u17c2\u179a',
    '\u10e5\u10d0\u10e0\u10d7\u10e3\u10da\u10d8 \u1ca5\u1c90\u1ca0\u1c97\u1ca3\u1c9a\u1c98',
  ],
  latin: ['İstanbul İİ ıI iI', '\u1e9e ß', 'Đorđe đ', 'smörgåsbord', 'ªº', 'ſ'],
  control: [
    'good\u0000film',
    'a\u0001b\u001fc',
    'good\ufefffilm',
    '\u001b[31mred\u001b[0m',
    'tab\u0009here',
    '\u{e0001}\u{e0041}tag',
  ],
  spaces: [
    ' ',
    '\u0009\u000a\u000d',
    'good\u2003film',
    '\u3000全角\u3000空白',
    'a\u2028b\u2029c',
    'many      spaces     between',
  ],
  invisible: ['\u200b', 'good\u200bfilm', '\u200b \u200b', '\ufeff', '\u034f', '\u2066\u2067\u2068\u2069'],
  special_tokens: ['[SEP]', '[UNK]', '[ SEP ]', '[UNK] word', 'un ##believ ##able', '[SEP'],
  url: [
    'https://example.com/film?id=42&sort=asc#top',
    'mail me@example.com',
    '/usr/share/dict',
    '10.0.0.1:8080',
    '<b>great</b> &amp; <i>bad</i>',
    'SELECT * FROM films; --',
  ],
  punctuation: [
    '\u2014\u2013\u2212\u2010\u2011\u2012\u2015',
    ')))((',
    '50% \u2030 \u2031',
    '\u2605\u2605\u2605\u2605\u2606',
    '\u2190 \u2192 \u2191 \u2193 \u21d2',
    '1,000,000.00',
  ],
  normal_forms: ['café', 'señor', 'がぎぐげご', '\u1f66 \u1f04νδρες', '\u05e9\u05c1', '\u1e9b\u0323'],
};

const SUBJECTS = [
  'it',
  'the film',
  'my order',
  'the new version of the app',
  'everything that we tried on the second day',
  'the hotel, although it was close to the station,',
];
const REMARKS = [
  'was wonderful.',
  'was a waste of time!',
  'arrived on Tuesday.',
  'is better than I had expected',
  'did not work, and nobody answered my letters for three weeks.',
  'kept me awake until four in the morning, which I mean as praise.',
  'is about what one would pay for anywhere else, no more and no less, but I would go there again.',
];

/** Sentences as people write them, of 4 to 40 words. */
export const plainTexts = (): string[] =>
  SUBJECTS.flatMap((subject) => REMARKS.map((remark) => `${subject} ${remark}`));

/** Texts that reach the limit of most versions, or pass it. */
const longTexts = (): string[] => ['good '.repeat(700), plainTexts().join(' ').repeat(4)];

export interface GoldenText {
  readonly group: string;
  readonly text: string;
}

/** The texts with which an imported version is tried: plain, long and hard ones, always the same. */
export function goldenTexts(): GoldenText[] {
  const groups = { plain: plainTexts(), long: longTexts(), ...HARD_TEXTS };
  return Object.entries(groups).flatMap(([group, texts]) => texts.map((text) => ({ group, text })));
}

/** The golden texts to make batches of: the longest is a paragraph, since padding all to the limit takes minutes. */
export function batchTexts(): string[] {
  return [...plainTexts(), ...Object.values(HARD_TEXTS).flat(), plainTexts().slice(0, 10).join(' ')];
}
