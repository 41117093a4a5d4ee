import { isJsonObject, type JsonObject } from '../../base/json-object.js';
import { isUtf8 } from 'node:buffer';
import { StartError } from '../../base/errors/start-error.js';
import { textError } from '../../engine/text.js';
import type { Block } from './blocks.js';
import { markBytes, NOT_UTF8, type BlockReader, type LineContent } from './records.js';

const BLANK = /^[ \t\r\n]*$/;
const LINE_FEED = 10;

/**
 * The value of one line, or the error of JSON.parse.
 * @param line its number in the input
 * @throws StartError when a carriage return alone ends it: the rest of the file may stand on this line
 */
export function parseLine(json: string, line: number): unknown {
  const value = parsed(json);
  if (!(value instanceof Error)) return value;
  const end = json.indexOf('\r');
  const first = end < 0 ? value : parsed(json.slice(0, end));
  if (!(first instanceof Error) && isJsonObject(first)) {
    throw new StartError(
      `Line ${line} of the input, as line feeds count, has an object that a carriage return alone ends; lines must end with LF or CRLF.`,
    );
  }
  return value;
}

/** The object of one line, or its error. @throws as {@link parseLine} */
export function parseObjectLine(json: string, line: number): JsonObject | string {
  const value = parseLine(json, line);
  if (value instanceof Error) return `The line is not JSON: ${value.message}`;
  return isJsonObject(value) ? value : 'The line is JSON, but not an object.';
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    return error;
  }
}

/**
 * @param line its number in the input
 * @param added names of the members that the answer brings: those of the input give way to them
 * @throws as parseObjectLine
 */
export function readJsonLine(
  json: string,
  line: number,
  textField: string,
  added: ReadonlySet<string>,
): LineContent {
  if (BLANK.test(json)) return 'blank';
  const object = parseObjectLine(json, line);
  if (typeof object === 'string') return { code: 'MALFORMED_JSON', message: object };
  if (!Object.hasOwn(object, textField)) {
    return { code: 'INVALID_REQUEST', message: `The object has no field ${JSON.stringify(textField)}.` };
  }
  const text = object[textField];
  const problem = textError(text, textField);
  if (problem !== null) return { code: problem.code, message: problem.message };
  return { text: text as string, prefix: openObject(json, Object.keys(object), added) };
}

/** One line without its line feed and without a byte order mark; null when it is not UTF-8. */
export function lineText(bytes: Buffer): string | null {
  return isUtf8(bytes) ? bytes.toString('utf8', markBytes(bytes, 0, true)) : null;
}

/** The lines of a block; null for one that is not UTF-8. */
export function* linesOf({
  bytes,
  start,
}: Pick<Block, 'bytes' | 'start'>): Generator<{ readonly line: number; readonly text: string | null }> {
  let { line } = start;
  for (let at = 0; at < bytes.length; line++) {
    const feed = bytes.indexOf(LINE_FEED, at);
    const raw = bytes.subarray(at, feed < 0 ? bytes.length : feed);
    at += raw.length + 1;
    yield { line, text: lineText(raw) };
  }
}

export function jsonLinesReader(textField: string, added: ReadonlySet<string>): BlockReader {
  return function* read(block) {
    for (const { line, text } of linesOf(block)) {
      const content = text === null ? NOT_UTF8 : readJsonLine(text, line, textField, added);
      yield { line, lastLine: line, content };
    }
  };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);

/** Index after the closing quote of the string that begins at `start`. */
function stringEnd(json: string, start: number): number {
  let at = start + 1;
  for (; json.charCodeAt(at) !== QUOTE; at++) if (json.charCodeAt(at) === BACKSLASH) at++;
  return at + 1;
}

/** The members of a JSON object: each one's key, and its text as it is written. */
function* membersOf(object: string): Generator<{ readonly key: string; readonly text: string }> {
  let depth = 0;
  let start = 0;
  let key: string | undefined;
  for (let at = 0; at < object.length; at++) {
    const code = object.charCodeAt(at);
    if (code === QUOTE) {
      const end = stringEnd(object, at);
      if (depth === 1) key ??= JSON.parse(object.slice(at, end)) as string;
      at = end - 1;
    } else if (OPENING.has(code)) {
      if (++depth === 1) start = at + 1;
    } else if (CLOSING.has(code) && depth > 1) depth--;
    else if (depth === 1 && (code === COMMA || CLOSING.has(code))) {
      if (key !== undefined) yield { key, text: object.slice(start, at).trim() };
      key = undefined;
      start = at + 1;
    }
  }
}

/**
 * A JSON object up to where further members may follow: `{` or `{"a":1,`. What is kept stays as it was written,
 * numbers above all: `JSON.parse` would round a 64-bit id.
 * @param object the text of an object that `JSON.parse` accepts
 * @param names members to leave out
 */
function openObject(object: string, keys: readonly string[], names: ReadonlySet<string>): string {
  if (!keys.some((key) => names.has(key))) {
    const members = object.slice(object.indexOf('{') + 1, object.lastIndexOf('}')).trim();
    return members === '' ? '{' : `{${members},`;
  }
  const kept = [...membersOf(object)].filter(({ key }) => !names.has(key)).map(({ text }) => `${text},`);
  return `{${kept.join('')}`;
}
