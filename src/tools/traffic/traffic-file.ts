import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { StartError } from '../../base/errors/start-error.js';

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = '\uFEFF';

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
 * @throws StartError with a sentence when the file cannot be read; AbortError when the signal fires
 */
export async function* readObjects(path: string, signal: AbortSignal): AsyncGenerator<ObjectLine> {
  let line = 0;
  try {
    for await (const bytes of splitLines(open(path, signal))) {
      line++;
      const json = bytes.toString('utf8');
      const content = line === 1 && json.startsWith(BYTE_ORDER_MARK) ? json.slice(1) : json;
      if (content.trim() !== '') yield { line, ...objectOf(content) };
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new StartError(`${inputName(path)} cannot be read: ${(error as Error).message}`, { cause: error });
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
  const source: Readable = addAbortSignal(signal, path === '-' ? process.stdin : createReadStream(path));
  if (!path.endsWith('.gz')) return source;
  const gunzip = createGunzip();
  source.once('error', (error) => gunzip.destroy(error));
  return source.pipe(gunzip);
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

function objectOf(json: string): { object: Record<string, unknown> } | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { problem: 'it is not JSON' };
  }
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
