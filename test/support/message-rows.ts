import type { MessageRows } from '../../src/engine/protocol/protocol.js';

/** One row of a message, as it should come out of the task of a text that has one label. */
export interface RowSaid {
  readonly scores: readonly number[];
  readonly tokens?: number;
  readonly truncated?: boolean;
}

/** What a worker answers when a softmax of its logits is to give these scores, but for the rounding to float32. */
export function messageRows(rows: readonly RowSaid[]): MessageRows {
  return {
    values: Float32Array.from(rows.flatMap(({ scores }) => scores.map(Math.log))),
    width: rows[0]?.scores.length ?? 0,
    tokens: rows.map(({ tokens = 10 }) => tokens),
    truncated: rows.map(({ truncated = false }) => truncated),
    empty: [],
    windows: null,
  };
}
