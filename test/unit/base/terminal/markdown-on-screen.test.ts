import { describe, expect, it } from 'vitest';
import { markdownOnScreen } from '../../../../src/base/terminal/markdown-on-screen.js';
import { PLAIN, screenOf } from '../../../../src/base/terminal/screen.js';

const MARKDOWN = [
  '# Title',
  '',
  '**Refused.** Because of `this`.',
  '',
  '| name | n | text |',
  '| --- | ---: | --- |',
  String.raw`| a\|b | 12 | **NO** |`,
  '| c | - | 7 of 9 |',
  '',
  '- one two three four five six seven eight nine ten',
  '',
].join('\n');

describe('a report in Markdown', () => {
  it('stays as it is in a pipe', () => {
    expect(markdownOnScreen(MARKDOWN, PLAIN)).toBe(MARKDOWN);
  });

  it('has tables of text, no marks, and wrapped lists on a terminal', () => {
    const screen = screenOf({ isTTY: true, columns: 40 }, { TERM: 'dumb' });
    expect(markdownOnScreen(MARKDOWN, screen)).toBe(
      [
        'Title',
        '',
        'Refused. Because of this.',
        '',
        'name   n  text',
        'a|b   12  NO',
        'c      -  7 of 9',
        '',
        '- one two three four five six seven',
        '  eight nine ten',
        '',
      ].join('\n'),
    );
  });

  it('is painted by what is emphasised', () => {
    const screen = screenOf({ isTTY: true, columns: 80 }, { TERM: 'xterm' });
    const text = markdownOnScreen(MARKDOWN, screen, (word) => (word === 'NO' ? 'red' : 'green'));
    expect(text).toContain('\u001b[1mTitle\u001b[22m');
    expect(text).toContain('\u001b[32mRefused.\u001b[39m Because');
    expect(text).toContain('12  \u001b[31mNO\u001b[39m');
  });
});
