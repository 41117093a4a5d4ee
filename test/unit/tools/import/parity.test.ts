import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnsweredText } from '../../../../src/tools/import/compare-parity.js';
import { goldenTexts } from '../../../../src/tools/import/golden-texts.js';
import { readPythonParity, type PythonParity } from '../../../../src/tools/import/python-parity.js';
import { settleParity } from '../../../../src/tools/import/settle-parity.js';
import { parseParity } from '../../../../src/engine/tokenization/parity.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-parity-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function read(content: unknown, labels = 2): PythonParity {
  const path = join(folder, 'parity.json');
  writeFileSync(path, JSON.stringify(content));
  return readPythonParity(path, labels);
}

const ITEM = { text: 'fine', ids: [2, 7, 3], scores: [0.25, 0.75] };
const LABELS = ['NEGATIVE', 'POSITIVE'];

const answer = (ids: number[], scores: number[]): AnsweredText => ({
  encoding: { ids, truncated: false },
  row: { value: { scores }, tokens: ids.length, truncated: false },
});

describe('golden texts that Python made', () => {
  it('may have a tolerance and one score for two labels', () => {
    expect(read({ items: [ITEM] })).toMatchObject({
      tolerance: 0.001,
      reference: 'transformers',
      items: [ITEM],
    });
    const binary = read({ tolerance: 0.01, reference: 'me', items: [{ ...ITEM, scores: [0.75] }] });
    expect(binary).toMatchObject({ tolerance: 0.01, reference: 'me', items: [{ scores: [0.25, 0.75] }] });
  });

  it.each([
    [{}, /has no items/],
    [{ items: [] }, /has no items/],
    [{ tolerance: 0.5, items: [ITEM] }, /tolerance that is not above 0 and at most 0.05/],
    [{ items: [ITEM, { text: 'x' }] }, /items\.1 must be one of \{"items"/],
    [{ items: [{ ...ITEM, ids: [1, null] }] }, /items\.0 must be one of/],
    [{ items: [{ ...ITEM, scores: [1, 0, 0] }] }, /items\.0 has 3 scores, but the version has 2 labels/],
    [[], /must hold a JSON object/],
  ])('are refused: %j', (content, message) => {
    expect(() => read(content)).toThrow(message);
  });

  it('become parity.json when they agree', () => {
    const python = read({ items: [ITEM] });
    const settled = settleParity(python, python.items, [answer([2, 7, 3], [0.2505, 0.7495])], LABELS);
    expect(settled).toMatchObject({ source: 'python', texts: 1, labelFlips: 0 });
    expect(settled.maxScoreDifference).toBeCloseTo(0.0005, 9);
    expect(parseParity(settled.json)).toMatchObject({
      tolerance: 0.001,
      reference: 'transformers',
      items: [{ ...ITEM, group: 'python', truncated: false, label: 'POSITIVE' }],
    });
  });

  it('are shown when they do not agree, the first three of them', () => {
    const items = Array.from({ length: 5 }, (_, i) => ({ ...ITEM, text: `text ${String(i)}` }));
    const python = read({ items });
    const refusal =
      (answers: AnsweredText[]): (() => unknown) =>
      () =>
        settleParity(python, python.items, answers, LABELS);
    const good = answer([2, 7, 3], [0.25, 0.75]);
    expect(refusal([good, answer([2, 8, 3], [0.25, 0.75]), good, good, good])).toThrow(
      /^1 of 5 texts .*\n {2}"text 1": id 1 is 7 in Python, 8 here \(of 3 and 3\)\nMake both/,
    );
    expect(refusal([good, good, good, good, answer([2, 7, 3, 3], [0.25, 0.75])])).toThrow(
      /"text 4": Python has 3 ids, here are 4/,
    );
    const wrong = answer([2, 7, 3], [0.75, 0.25]);
    expect(refusal([wrong, wrong, wrong, wrong, wrong])).toThrow(
      /^5 of 5 .*\n(?: {2}"text [012]": the scores are 0\.2500, 0\.7500 in Python, 0\.7500, 0\.2500 here\n){3}Make/,
    );
    expect(refusal([good, good, good, good, answer([2, 7, 3], [NaN, NaN])])).toThrow(/"text 4": the scores/);
  });
});

describe('golden texts of our own', () => {
  it('are those of every kind, each once, and none that Python refuses', () => {
    const texts = goldenTexts();
    expect(new Set(texts.map(({ text }) => text)).size).toBe(texts.length);
    expect(new Set(texts.map(({ group }) => group)).size).toBe(18);
    expect(texts.filter(({ text }) => !text.isWellFormed())).toEqual([]);
  });

  it('are kept as the version answers them, and say so', () => {
    const settled = settleParity(
      null,
      [{ group: 'plain', text: 'fine' }],
      [answer([2, 7, 3], [0.2, 0.8])],
      LABELS,
    );
    expect(settled.sentence).toMatch(/computed by this version at import: .* not that it agrees with Python/);
    expect(parseParity(settled.json)).toMatchObject({
      reference: expect.stringMatching(/^Serin .* at import$/) as string,
      items: [{ text: 'fine', group: 'plain', ids: [2, 7, 3], label: 'POSITIVE', scores: [0.2, 0.8] }],
    });
  });
});
