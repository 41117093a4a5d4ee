import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MessageRows } from '../../../../src/engine/protocol/protocol.js';
import { answerOf, joinRows, rowsOfText, type TextRows } from '../../../../src/engine/tasks/message-rows.js';
import { taskNamed } from '../../../../src/engine/tasks/table.js';

const plain: MessageRows = {
  values: Float32Array.of(1, 2, 3, 4, 5, 6),
  width: 2,
  tokens: [7, 8, 9],
  truncated: [false, true, false],
  empty: [1],
  windows: null,
};

/** Three texts of two, no and one window. */
const windowed: MessageRows = {
  ...plain,
  windows: { rowEnds: [2, 2, 3], spans: [0, 10, 8, 20, 0, 4] },
};

const seen = (rows: TextRows | undefined): unknown =>
  rows && { ...rows, rows: rows.rows.map((row) => Array.from(row)) };

describe('the rows of a text in a message', () => {
  it('are one row without windows', () => {
    expect([0, 1, 2].map((text) => seen(rowsOfText(plain, text)))).toEqual([
      { rows: [[1, 2]], spans: null, tokens: 7, truncated: false, empty: false },
      { rows: [[3, 4]], spans: null, tokens: 8, truncated: true, empty: true },
      { rows: [[5, 6]], spans: null, tokens: 9, truncated: false, empty: false },
    ]);
  });

  it('are those of its windows, with their spans and the tokens of all, or none', () => {
    expect([0, 1, 2].map((text) => seen(rowsOfText(windowed, text)))).toEqual([
      {
        rows: [
          [1, 2],
          [3, 4],
        ],
        spans: [
          { start: 0, end: 10 },
          { start: 8, end: 20 },
        ],
        tokens: 15,
        truncated: false,
        empty: false,
      },
      { rows: [], spans: [], tokens: 0, truncated: true, empty: true },
      { rows: [[5, 6]], spans: [{ start: 0, end: 4 }], tokens: 9, truncated: false, empty: false },
    ]);
  });

  it('are missing where the worker answered fewer texts', () => {
    expect(rowsOfText(plain, 3)).toBeUndefined();
    expect(rowsOfText(windowed, 3)).toBeUndefined();
  });

  it('make the answer of the task, tokens and truncation beside it', () => {
    const task = taskNamed('multi-label-classification');
    const [two, , one] = [0, 1, 2].map((text) => rowsOfText(windowed, text));
    if (two === undefined || one === undefined) throw new Error('no rows');
    expect(answerOf(task, two)).toEqual({
      value: task.combine([Float32Array.of(1, 2), Float32Array.of(3, 4)], two.spans),
      tokens: 15,
      truncated: false,
    });
    expect(answerOf(task, one)).toEqual({
      value: task.combine([Float32Array.of(5, 6)], null),
      tokens: 9,
      truncated: false,
    });
  });
});

describe('a text whose windows were run in several messages', () => {
  const part = fc.record({
    windows: fc.array(fc.tuple(fc.float({ noNaN: true }), fc.nat(100), fc.nat(100), fc.nat(100)), {
      maxLength: 3,
    }),
    truncated: fc.boolean(),
  });

  it('has the windows of all its parts, in their order, and goes on behind the last one or not', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const joined = joinRows(
          parts.map(({ windows, truncated }) => {
            const message: MessageRows = {
              values: Float32Array.from(windows, ([value]) => value),
              width: 1,
              tokens: windows.map(([, tokens]) => tokens),
              truncated: [truncated],
              empty: [],
              windows: {
                rowEnds: [windows.length],
                spans: windows.flatMap(([, , start, length]) => [start, start + length]),
              },
            };
            const rows = rowsOfText(message, 0);
            if (rows === undefined) throw new Error('no rows');
            return rows;
          }),
        );
        const all = parts.flatMap(({ windows }) => windows);
        expect(joined.rows.map((row) => row[0])).toEqual(all.map(([value]) => value));
        expect(joined.spans).toEqual(all.map(([, , start, length]) => ({ start, end: start + length })));
        expect(joined.tokens).toBe(all.reduce((sum, [, tokens]) => sum + tokens, 0));
        expect(joined.truncated).toBe(parts.at(-1)?.truncated);
      }),
    );
  });

  it('has its end where its last range lies behind it', () => {
    const [first, last] = [0, 1].map((text) =>
      rowsOfText({ ...windowed, truncated: [true, false, false] }, text),
    );
    if (first === undefined || last === undefined) throw new Error('no rows');
    expect(seen(joinRows([first, last]))).toEqual({ ...(seen(first) as object), truncated: false });
  });
});
