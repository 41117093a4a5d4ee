import { describe, expect, it } from 'vitest';
import {
  parseParity,
  selectGoldenItems,
  type ParityItem,
} from '../../../../src/engine/tokenization/parity.js';

const item = (group: string, text: string): ParityItem => ({
  text,
  group,
  ids: [2, 3],
  truncated: false,
  label: 'POSITIVE',
  scores: [0.25, 0.75],
});
const items = [
  ...Array.from({ length: 100 }, (_, i) => item('dev', `dev ${i}`)),
  ...Array.from({ length: 3 }, (_, i) => item('emoji', `emoji ${i}`)),
  item('url', 'url 0'),
];
const file = { schema_version: 1, tokenizer: 'x', tolerance: 0.001, items } as const;

describe('parseParity', () => {
  it('reads what the reference wrote, lone surrogates included', () => {
    const json = JSON.stringify({ ...file, items: [item('surrogate', 'a\ud800b')] });
    expect(json).toContain('\\ud800');
    for (const contents of [json, Buffer.from(json)]) {
      expect(parseParity(contents).items[0]?.text).toBe('a\ud800b');
    }
  });

  it.each([
    ['{', 'parity.json is not JSON'],
    ['[]', 'parity.json must hold a JSON object'],
    [JSON.stringify({ ...file, schema_version: 2 }), 'schema_version is 2, but must be 1'],
    [JSON.stringify({ ...file, tolerance: 0 }), 'tolerance must be a number above 0'],
    [JSON.stringify({ ...file, items: [] }), 'items must be a list with at least one text'],
    [JSON.stringify({ ...file, items: [items[0], 7] }), 'items.1 must be an object'],
    [JSON.stringify({ ...file, items: [{ ...items[0], text: 7 }] }), 'items.0.text must be a string'],
    [
      JSON.stringify({ ...file, items: [{ ...items[0], ids: [1.5] }] }),
      'items.0.ids must be a list of token ids',
    ],
    [
      JSON.stringify({ ...file, items: [{ ...items[0], truncated: 'no' }] }),
      'items.0.truncated must be true or false',
    ],
    [
      JSON.stringify({ ...file, items: [{ ...items[0], scores: [] }] }),
      'items.0.scores must be a list of numbers',
    ],
  ])('says what is wrong (%#)', (contents, message) => {
    expect(() => parseParity(contents)).toThrow(message);
  });
});

describe('selectGoldenItems', () => {
  const counts = (n: number): number[] => {
    const selected = selectGoldenItems(file, n);
    return ['dev', 'emoji', 'url'].map((group) => selected.filter((found) => found.group === group).length);
  };

  it('shares the places among the groups, as far as they go', () => {
    expect(counts(0)).toEqual([0, 0, 0]);
    expect(counts(2)).toEqual([1, 1, 0]);
    expect(counts(6)).toEqual([3, 2, 1]);
    expect(counts(32)).toEqual([28, 3, 1]);
    expect(counts(1000)).toEqual([100, 3, 1]);
  });

  it('chooses different items, evenly spaced, the same each time', () => {
    const selected = selectGoldenItems(file, 14);
    expect(new Set(selected).size).toBe(14);
    expect(selected.filter(({ group }) => group === 'dev').map(({ text }) => text)).toEqual(
      [0, 10, 20, 30, 40, 50, 60, 70, 80, 90].map((i) => `dev ${i}`),
    );
    expect(selectGoldenItems(file, 14)).toEqual(selected);
  });
});
