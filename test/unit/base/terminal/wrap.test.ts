import { describe, expect, it } from 'vitest';
import { padText, textWidth, wrapCommand, wrapLine, wrapText } from '../../../../src/base/terminal/wrap.js';

describe('the width of a text', () => {
  it.each([
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['日本', 4],
    ['👍', 2],
    ['\u001b[31mred\u001b[39m', 3],
    ['→ µ …', 5],
    ['', 0],
  ])('of %j is %d columns', (text, columns) => {
    expect(textWidth(text)).toBe(columns);
  });

  it('decides about padding', () => {
    expect([padText('日', 4), padText('日', 4, 'left'), padText('long', 2)]).toEqual([
      '日  ',
      '  日',
      'long',
    ]);
  });
});

describe('a line', () => {
  it('that fits stays as it is, with all its spaces', () => {
    expect(wrapLine('  a   b', 10)).toEqual(['  a   b']);
  });

  it('ends between words; the next ones hang below its first word', () => {
    expect(wrapLine('  one two three', 9, 2)).toEqual(['  one two', '    three']);
  });

  it('does not end between a figure and its unit', () => {
    expect(wrapLine('it took 12.3 ms, 71.9 % of it', 12)).toEqual(['it took', '12.3 ms,', '71.9 % of it']);
  });

  it('keeps a word that is wider than the line, so that it can be copied', () => {
    expect(wrapLine('see /a/very/long/path now', 8)).toEqual(['see', '/a/very/long/path', 'now']);
  });
});

describe('a text', () => {
  it('is wrapped line by line, and left alone where lines have no end', () => {
    expect(wrapText('one two\n  three four', { columns: 8 }, 2)).toBe('one two\n  three\n    four');
    expect(wrapText('one two\n  three four', { columns: Infinity })).toBe('one two\n  three four');
  });
});

describe('a command', () => {
  it('goes on behind a backslash, so that what is copied runs', () => {
    expect(wrapCommand('  serin evaluate tone/v1 --record', { columns: 22 })).toEqual([
      '  serin evaluate \\',
      '      tone/v1 \\',
      '      --record',
    ]);
    expect(wrapCommand('serin serve', { columns: 80 })).toEqual(['serin serve']);
  });
});
