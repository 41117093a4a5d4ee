import fc from 'fast-check';

/** Text in which every kind of character that decides about words, marks and cuts is frequent. */
export const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'good',
        'film',
        ' ',
        '\n',
        '!',
        '[',
        '[SEP]',
        '[MASK]',
        '中',
        '國',
        '𠀀',
        '\u{2a6d6}',
        'é',
        'e\u0301',
      ),
      fc.constantFrom(
        '\u0301',
        '\u0327',
        '\u302e',
        '\u{1d16d}',
        '\u{1d15e}',
        '\u034f',
        '\u200d',
        '😀',
        '한',
        '\0',
        '\ud800',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
    { maxLength: 120 },
  )
  .map((parts) => parts.join(''));
