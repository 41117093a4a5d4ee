import { isUtf8 } from 'node:buffer';
import { textError } from '../../engine/text.js';
import type { Block } from './blocks.js';
import { openObject } from './json-members.js';
import { markBytes, NOT_UTF8, type BlockReader, type LineContent } from './records.js';

const BLANK = /^[ \t\r\n]*$/;
const LINE_FEED = 10;

/** The object of one line, or what is wrong with it. */
export function parseObjectLine(line: string): Readonly<Record<string, unknown>> | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return `The line is not JSON: ${(error as Error).message}`;
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : 'The line is JSON, but not an object.';
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
