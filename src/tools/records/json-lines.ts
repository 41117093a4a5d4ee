import { isJsonObject, type JsonObject } from '../../base/json-object.js';
import { isUtf8 } from 'node:buffer';
import { textError } from '../../engine/text.js';
import type { Block } from './blocks.js';
import { markBytes, NOT_UTF8, type BlockReader, type LineContent } from './records.js';

const BLANK = /^[ \t\r\n]*$/;
const LINE_FEED = 10;

/** The object of one line, or its error. */
export function parseObjectLine(line: string): JsonObject | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return `The line is not JSON: ${(error as Error).message}`;
  }
  return isJsonObject(value) ? value : 'The line is JSON, but not an object.';
}

/** @param added names of the members that the answer brings: those of the input give way to them */
export function readJsonLine(line: string, textField: string, added: ReadonlySet<string>): LineContent {
  if (BLANK.test(line)) return 'blank';
  const object = parseObjectLine(line);
  if (typeof object === 'string') return { code: 'MALFORMED_JSON', message: object };
  if (!Object.hasOwn(object, textField)) {
    return { code: 'INVALID_REQUEST', message: `The object has no field ${JSON.stringify(textField)}.` };
  }
  const text = object[textField];
  const problem = textError(text, textField);
  if (problem !== null) return { code: problem.code, message: problem.message };
  return { text: text as string, prefix: openObject(line, Object.keys(object), added) };
}

/** The lines of a block; null for one that is not UTF-8. */
export function* linesOf(block: Block): Generator<{ readonly line: number; readonly text: string | null }> {
  const { bytes } = block;
  const valid = isUtf8(bytes);
  let line = block.start.line;
  for (let at = markBytes(block); at < bytes.length; line++) {
    const feed = bytes.indexOf(LINE_FEED, at);
    const raw = bytes.subarray(at, feed < 0 ? bytes.length : feed);
    at += raw.length + 1;
    yield { line, text: valid || isUtf8(raw) ? raw.toString('utf8') : null };
  }
}

export function jsonLinesReader(textField: string, added: ReadonlySet<string>): BlockReader {
  return function* read(block) {
    for (const { line, text } of linesOf(block)) {
      yield { line, content: text === null ? NOT_UTF8 : readJsonLine(text, textField, added) };
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
