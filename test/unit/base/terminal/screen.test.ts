import { describe, expect, it } from 'vitest';
import { messageText } from '../../../../src/base/terminal/message.js';
import { indentedScreen, PLAIN, screenOf } from '../../../../src/base/terminal/screen.js';

const TERMINAL = { isTTY: true, columns: 100 };
const PIPE = {};

describe('colours', () => {
  it.each([
    ['a terminal has them', TERMINAL, { TERM: 'xterm' }, true],
    ['a pipe has none', PIPE, { TERM: 'xterm' }, false],
    ['NO_COLOR', TERMINAL, { TERM: 'xterm', NO_COLOR: '1' }, false],
    ['a blank NO_COLOR is unset', TERMINAL, { TERM: 'xterm', NO_COLOR: '' }, true],
    ['FORCE_COLOR in a pipe', PIPE, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0', TERMINAL, { TERM: 'xterm', FORCE_COLOR: '0' }, false],
    ['FORCE_COLOR=false', TERMINAL, { TERM: 'xterm', FORCE_COLOR: 'false' }, false],
    ['a blank FORCE_COLOR is unset', PIPE, { FORCE_COLOR: '' }, false],
    ['NO_COLOR is stronger', PIPE, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['a terminal that cannot', TERMINAL, { TERM: 'dumb' }, false],
  ])('%s', (_, stream, env, has) => {
    expect(screenOf(stream, env).paint('red', 'x')).toBe(has ? '\u001b[31mx\u001b[39m' : 'x');
  });
});

describe('columns', () => {
  it('are those of the terminal, and without end in a pipe', () => {
    expect(screenOf(TERMINAL, {})).toMatchObject({ isTerminal: true, columns: 100 });
    expect(screenOf(PIPE, {})).toMatchObject({ isTerminal: false, columns: Infinity });
    expect(indentedScreen(screenOf(TERMINAL, {}), 4).columns).toBe(96);
    expect(indentedScreen(PLAIN, 4).columns).toBe(Infinity);
  });

  it('are 80 where the terminal does not know, and never so few that nothing fits', () => {
    expect(screenOf({ isTTY: true }, {}).columns).toBe(80);
    expect(screenOf({ isTTY: true, columns: 0 }, {}).columns).toBe(80);
    expect(screenOf({ isTTY: true, columns: 3 }, {}).columns).toBe(40);
  });
});

describe('a message', () => {
  const words = 'word '.repeat(12).trim();
  it('is one line in a pipe', () => {
    expect(messageText(words, PLAIN)).toBe(`serin: ${words}\n`);
  });

  it('is wrapped behind its name on a terminal, and its further lines are indented', () => {
    const screen = screenOf({ isTTY: true, columns: 40 }, {});
    expect(messageText(`${words}\n  key is wrong: one two three four five six`, screen)).toBe(
      [
        'serin: word word word word word word',
        '       word word word word word word',
        '  key is wrong: one two three four five',
        '      six',
        '',
      ].join('\n'),
    );
  });
});
