/**
 * The text that a worker process is tokenizing. The process notes it in a file that it shares with its parent, since a
 * process that dies or hangs can send no message; a note costs two microseconds, a message thirty.
 */
export interface TokenizingNote {
  readonly batchId: number;
  /** Index of the text in its batch; −1 when all are tokenized. */
  readonly text: number;
  /** When it began, in milliseconds of the clock that processes share (machine-clock.ts). */
  readonly sinceMs: number;
}

const FIELDS = 3;

/** Bytes of a note in the file, from its beginning on. */
export const NOTE_BYTES = FIELDS * Float64Array.BYTES_PER_ELEMENT;

export function encodeNote({ batchId, text, sinceMs }: TokenizingNote): Uint8Array {
  return new Uint8Array(Float64Array.of(batchId, text, sinceMs).buffer);
}

export function decodeNote(bytes: Uint8Array): TokenizingNote {
  const [batchId = 0, text = -1, sinceMs = 0] = new Float64Array(bytes.slice(0, NOTE_BYTES).buffer);
  return { batchId, text, sinceMs };
}
