import type { MessageRows } from '../protocol/protocol.js';
import type { Span } from '../view.js';
import type { Answer, Task } from './task.js';

/** The model's output for one text, or for a range of its windows. */
export interface TextRows {
  readonly rows: readonly Float32Array[];
  /** One span per row; null when the text is one row. */
  readonly spans: readonly Span[] | null;
  readonly tokens: number;
  readonly truncated: boolean;
  /** True when the tokenizer leaves nothing of the text. */
  readonly empty: boolean;
}

/** The rows of one text of a message; undefined when the worker returned none for it. */
export function rowsOfText(message: MessageRows, text: number): TextRows | undefined {
  const { values, width, tokens, windows } = message;
  const truncated = message.truncated[text];
  if (truncated === undefined) return undefined;
  const empty = message.empty.includes(text);
  const rowAt = (row: number): Float32Array => values.subarray(row * width, (row + 1) * width);
  if (windows === null)
    return { rows: [rowAt(text)], spans: null, tokens: tokens[text] ?? 0, truncated, empty };
  const first = text === 0 ? 0 : (windows.rowEnds[text - 1] ?? 0);
  const places = Array.from({ length: (windows.rowEnds[text] ?? 0) - first }, (_, i) => first + i);
  return {
    rows: places.map(rowAt),
    spans: places.map((row) => ({
      start: windows.spans[2 * row] ?? 0,
      end: windows.spans[2 * row + 1] ?? 0,
    })),
    tokens: places.reduce((sum, row) => sum + (tokens[row] ?? 0), 0),
    truncated,
    empty,
  };
}

/** The rows of a text whose windows were run in several messages, given in the order of the windows. */
export function joinRows(parts: readonly TextRows[]): TextRows {
  return {
    rows: parts.flatMap(({ rows }) => rows),
    spans: parts.flatMap(({ spans }) => spans ?? []),
    tokens: parts.reduce((sum, { tokens }) => sum + tokens, 0),
    // Only the last range ends where the view ends.
    truncated: parts.at(-1)?.truncated ?? false,
    empty: parts[0]?.empty ?? false,
  };
}

export const answerOf = (task: Task, { rows, spans, tokens, truncated }: TextRows): Answer => ({
  value: task.combine(rows, spans),
  tokens,
  truncated,
});
