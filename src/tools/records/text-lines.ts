import { StartError } from '../../base/errors/start-error.js';
import { textError } from '../../engine/text.js';
import { linesOf } from './json-lines.js';
import { NOT_UTF8, type BlockReader, type LineContent } from './records.js';
import type { RecordPrefix } from './table-records.js';

/**
 * Reads a text per line.
 * @param name of the field that the text gets in the output
 * @returns a reader that throws StartError when lines may end with a carriage return alone
 */
export function textLinesReader(name: string, prefixOf: RecordPrefix): BlockReader {
  const contentOf = (raw: string, line: number): LineContent => {
    const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (text.includes('\r')) {
      throw new StartError(
        `The input has a carriage return that no line feed follows, in line ${String(line)} as line feeds count: it may be meant as a line end. Lines must end with LF or CRLF.`,
      );
    }
    if (text.trim() === '') return 'blank';
    const problem = textError(text, name);
    if (problem !== null) return { code: problem.code, message: problem.message };
    const prefix = prefixOf([name], [text]);
    return typeof prefix === 'string' ? { text, prefix } : prefix;
  };
  return function* read(block) {
    for (const { line, text } of linesOf(block)) {
      yield { line, lastLine: line, content: text === null ? NOT_UTF8 : contentOf(text, line) };
    }
  };
}
