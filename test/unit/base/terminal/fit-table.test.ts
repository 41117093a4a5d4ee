import { describe, expect, it } from 'vitest';
import { factLines, fitTable } from '../../../../src/base/terminal/fit-table.js';
import { screenOf, type Screen } from '../../../../src/base/terminal/screen.js';
import { LONG_MODEL, LONG_VERSION, NARROW, expectFits } from '../../../support/narrow-screen.js';

const columns = (most: number): Screen => ({
  ...screenOf({ isTTY: true, columns: 80 }, { NO_COLOR: '1' }),
  columns: most,
});

describe('a table', () => {
  const HEADING = ['name', 'answered share', 'p50'];
  const ROWS = [
    ['one', '71.9 %', '12.3 ms'],
    ['two', '-', '4 ms'],
  ];

  it('has columns as wide as their cells where there is room', () => {
    const lines = [
      'name  answered share  p50',
      'one   71.9 %          12.3 ms',
      'two   -               4 ms',
    ];
    expect(fitTable(HEADING, ROWS)).toEqual(lines);
    expect(fitTable(HEADING, ROWS, columns(29))).toEqual(lines);
  });

  it('has figures flush right, where they are asked for', () => {
    expect(fitTable(HEADING, ROWS, columns(80), { left: [0] })[2]).toBe('two                -     4 ms');
  });

  it('breaks its headings, and lifts units into them, before a cell is broken', () => {
    expect(fitTable(HEADING, ROWS, columns(22))).toEqual([
      'name  answered  p50,',
      '      share, %  ms',
      'one   71.9      12.3',
      'two   -         4',
    ]);
  });

  it('leaves out lesser columns before a cell is broken', () => {
    const rows = [['some words', '1', 'a digest']];
    expect(fitTable(['name', 'n', 'sha'], rows, columns(14), { lesser: [2] })).toEqual([
      'name        n',
      'some words  1',
    ]);
  });

  it('breaks the widest cells', () => {
    expect(fitTable(['a', 'b'], [['one two three', 'x y']], columns(12))).toEqual([
      'a        b',
      'one two  x y',
      'three',
    ]);
  });

  it('is a list where no column can be narrower, without the cells that say nothing', () => {
    expect(
      fitTable(
        ['name', 'digest', 'n'],
        [
          ['one', 'f64a41bbb4c9', '-'],
          ['two', 'a', '7'],
        ],
        columns(12),
      ),
    ).toEqual(['name one', '  digest', '  f64a41bbb4c9', 'name two', '  digest a,', '  n 7']);
  });

  it('has a last column without a heading below its rows, and the rest as a table', () => {
    const rows = [
      ['disagreement', 'open', '1.25 % … 4.1 %', 'It is not proven yet.'],
      ['kpi', 'off', '-', ''],
    ];
    expect(fitTable(['gate', 'state', 'between', ''], rows, columns(36))).toEqual([
      'gate          state  between',
      'disagreement  open   1.25 % … 4.1 %',
      '    It is not proven yet.',
      'kpi           off    -',
    ]);
    expect(fitTable(['gate', 'state', 'between', ''], rows, columns(30))).toEqual([
      'gate          state  between',
      'disagreement  open   1.25 % …',
      '                     4.1 %',
      '    It is not proven yet.',
      'kpi           off    -',
    ]);
  });

  it('has bold headings where there are colours', () => {
    expect(fitTable(['a'], [['b']], NARROW)).toEqual(['\u001b[1ma\u001b[22m', 'b']);
  });

  it('of versions fits in 80 columns, as a list where names are long', () => {
    const heading = [
      'MODEL',
      'VERSION',
      'ROLE',
      'PRECISION',
      'MAX TOKENS',
      'ACCURACY',
      'ACCEPTED',
      'SIZE',
      'DIGEST',
    ];
    const rest = ['stable', 'int8', '256', '90.14 % of 872', 'yes', '24.3 MB', 'f64a41bbb4c9'];
    const table = (model: string, version: string): string =>
      expectFits(fitTable(heading, [[model, version, ...rest]], NARROW, { lesser: [8] }).join('\n'));
    expect(table('sentiment', 'v2')).toMatch(/^MODEL .*\n.*\nsentiment {2}v2 /);
    expect(table(LONG_MODEL, LONG_VERSION)).toMatch(
      /^MODEL customer-.*\n {2}VERSION 2026-.*DIGEST f64a41bbb4c9$/s,
    );
  });
});

describe('facts', () => {
  it('have their values below one another, also when they are broken', () => {
    expect(
      factLines(
        [
          ['a', 'one two three'],
          ['name', 'x'],
        ],
        columns(14),
      ),
    ).toEqual(['a     one two', '      three', 'name  x']);
  });

  it('have a value below their name where a word of it is too wide', () => {
    expect(factLines([['digest', 'sha256 0123456789ab']], columns(17))).toEqual([
      'digest',
      '    sha256',
      '    0123456789ab',
    ]);
  });

  it('are one line each in a pipe', () => {
    expect(
      factLines([
        ['a', 'one two three'],
        ['name', 'x'],
      ]),
    ).toEqual(['a     one two three', 'name  x']);
  });
});
