import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { StartError } from '../../base/errors/start-error.js';
import { readReason } from '../../base/files/write-error.js';
import { isGzip, STANDARD_STREAM } from '../records/file-format.js';
import { decompressed } from '../records/input-source.js';
import { lineText, parseLine } from '../records/json-lines.js';

const NEWLINE = 0x0a;

/** A line that holds no usable object. */
export interface BadLine {
  readonly line: number;
  readonly problem: string;
}

/** The content of one line of a JSONL file; a blank line has none. */
export type ObjectLine =
  { readonly line: number; readonly object: Readonly<Record<string, unknown>> } | BadLine;

/** The content of one line of a traffic file. */
export type TrafficLine = { readonly line: number; readonly text: string } | BadLine;

/**
 * Reads the objects of a JSONL file as a stream: one per line, UTF-8, LF or CRLF; `.gz` is decompressed.
 * @param path `-` for stdin
 * @throws StartError with a sentence when the file cannot be read, or a carriage return alone ends a line; AbortError
 *   when the signal fires
 */
export async function* readObjects(path: string, signal: AbortSignal): AsyncGenerator<ObjectLine> {
  let line = 0;
  try {
    for await (const bytes of splitLines(open(path, signal))) {
      line++;
      const json = lineText(bytes);
      if (json === null) yield { line, problem: 'it is not UTF-8' };
      else if (json.trim() !== '') yield { line, ...objectOf(json, line) };
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StartError) throw error;
    throw new StartError(`${inputName(path)} cannot be read: ${readReason(error)}.`, { cause: error });
  }
}

/**
 * Reads the texts of a JSONL file as {@link readObjects} does.
 * @param field key of the text in each object
 * @throws as readObjects
 */
export async function* readTraffic(
  path: string,
  field: string,
  signal: AbortSignal,
): AsyncGenerator<TrafficLine> {
  for await (const found of readObjects(path, signal)) {
    yield 'object' in found ? { line: found.line, ...textOf(found.object, field) } : found;
  }
}

/** The name of an input in messages. */
export function inputName(path: string): string {
  return path === '-' ? 'stdin' : path;
}

function open(path: string, signal: AbortSignal): AsyncIterable<Buffer> {
  const source: Readable = addAbortSignal(
    signal,
    path === STANDARD_STREAM ? process.stdin : createReadStream(path),
  );
  return isGzip(path) ? decompressed(source) : source;
}

/** Not node:readline, for which U+2028 inside a text would end the line too. */
async function* splitLines(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  for await (const chunk of source) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]);
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

function objectOf(
  json: string,
  line: number,
): { object: Readonly<Record<string, unknown>> } | { problem: string } {
  // The message of JSON.parse would quote the text, which a report shows only when it is asked to.
  const value = parseLine(json, line);
  if (value instanceof Error) return { problem: 'it is not JSON' };
  if (typeof value !== 'object' || value === null) return { problem: 'it is not a JSON object' };
  return { object: value as Record<string, unknown> };
}

/** The text of an object, or why it has none. */
export function textOf(
  object: Readonly<Record<string, unknown>>,
  field: string,
): { text: string } | { problem: string } {
  const text: unknown = Object.hasOwn(object, field) ? object[field] : undefined;
  if (text === undefined) return { problem: `it has no field ${JSON.stringify(field)}` };
  return typeof text === 'string' ? { text } : { problem: `its ${JSON.stringify(field)} is not a string` };
}
