import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerFields } from '../../../../src/tools/batch/answer-line.js';
import { jsonLinesReader, readJsonLine } from '../../../../src/tools/records/json-lines.js';
import type { LineContent } from '../../../../src/tools/records/records.js';

const ADDED = new Set(answerFields(null));
const read = (line: string): LineContent => readJsonLine(line, 7, 'text', ADDED);

function prefixOf(content: LineContent): string {
  if (content === 'blank' || 'code' in content) throw new Error(`no prefix: ${JSON.stringify(content)}`);
  return content.prefix;
}

/** The output record with one field of an answer. */
const closed = (line: string): string => `${prefixOf(read(line))}"label":"X"}`;

describe('a line of JSON', () => {
  it('keeps every digit and every spelling of what it held', () => {
    const members = '"id":9007199254740993,"x":1.10,"y":1e2,"z":-0.0,"big":123456789012345678901234567890';
    expect(closed(`{${members},"text":"a"}`)).toBe(`{${members},"text":"a","label":"X"}`);
  });

  it.each([
    ['  {"text":"a"} \t\r', '{"text":"a","label":"X"}'],
    ['{ "text" : "a" , "b" : [1, {"label": 2}] }', '{"text" : "a" , "b" : [1, {"label": 2}],"label":"X"}'],
    ['{"text":"a }","b":"}\\"}"}', '{"text":"a }","b":"}\\"}","label":"X"}'],
    ['{"a":1,"text":"x","a":2}', '{"a":1,"text":"x","a":2,"label":"X"}'],
    ['{"text":"\\ud83d"}', '{"text":"\\ud83d","label":"X"}'],
  ])('%s', (line, expected) => {
    expect(closed(line)).toBe(expected);
  });

  it.each([
    ['{"label":1,"text":"a"}', '{"text":"a","label":"X"}'],
    ['{"text":"a","label":{"label":[1,"}"]} }', '{"text":"a","label":"X"}'],
    ['{"a":[],"label":"","text":"a","b":{}}', '{"a":[],"text":"a","b":{},"label":"X"}'],
    ['{"text":"a", "l\\u0061bel":0 , "b":1.0}', '{"text":"a","b":1.0,"label":"X"}'],
    ['{"score":1,"label":2,"truncated":[],"text":"\\"label\\":1"}', '{"text":"\\"label\\":1","label":"X"}'],
  ])('a member that the answer brings gives way: %s', (line, expected) => {
    expect(closed(line)).toBe(expected);
  });

  it('gives way to the answer alone, whatever else there is', () => {
    const key = fc.oneof(fc.constantFrom(...ADDED, 'text', 'a'), fc.string({ maxLength: 5 }));
    const object = fc.dictionary(key, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6 });
    fc.assert(
      fc.property(object, fc.constantFrom(undefined, 1), (fields, indent) => {
        const given = { ...fields, text: 'a' };
        const output = JSON.parse(
          closed(JSON.stringify(given, null, indent).replaceAll('\n', ' ')),
        ) as object;
        const kept = Object.entries(JSON.parse(JSON.stringify(given)) as object).filter(
          ([name]) => !ADDED.has(name),
        );
        expect(Object.entries(output)).toEqual([...kept, ['label', 'X']]);
      }),
    );
  });

  it.each([
    ['{"text":', 'MALFORMED_JSON', /not JSON/],
    ['["text"]', 'MALFORMED_JSON', /not an object/],
    ['null', 'MALFORMED_JSON', /not an object/],
    ['{}', 'INVALID_REQUEST', /no field "text"/],
    ['{"toString":1}', 'INVALID_REQUEST', /no field "text"/],
    ['{"text":7}', 'INVALID_REQUEST', /must be a string/],
    ['{"text":" \\u00a0"}', 'EMPTY_TEXT', /must not be empty/],
  ])('%s has no answer', (line, code, message) => {
    expect(read(line)).toEqual({ code, message: expect.stringMatching(message) as string });
  });

  it('a member that every object inherits is no field', () => {
    expect(readJsonLine('{"a":1}', 7, 'toString', ADDED)).toMatchObject({ code: 'INVALID_REQUEST' });
  });
});

describe('a block of JSON lines', () => {
  const contents = (bytes: Buffer, offset = 0, line = 1): [number, string][] => {
    const end = { offset: offset + bytes.length, line: 0 };
    const block = { number: 0, start: { offset, line }, end, bytes };
    return [...jsonLinesReader('text', ADDED)(block)].map(({ line: at, content }) => [
      at,
      content === 'blank' ? 'blank' : 'code' in content ? content.code : content.text,
    ]);
  };

  it('byte order mark, CRLF, blank lines and a missing last newline', () => {
    const text = '\uFEFF{"text":"a"}\r\n\r\n \t\n{"text":"b"}\n{"text":"c"}';
    expect(contents(Buffer.from(text))).toEqual([
      [1, 'a'],
      [2, 'blank'],
      [3, 'blank'],
      [4, 'b'],
      [5, 'c'],
    ]);
  });

  it('a byte order mark begins any line, as where files were put together, and is skipped', () => {
    const text = '\uFEFF{"text":"a"}\n\uFEFF\n\uFEFF{"text":"\uFEFFb"}\n{"text":\uFEFF"c"}\n';
    expect(contents(Buffer.from(text), 100, 7)).toEqual([
      [7, 'a'],
      [8, 'blank'],
      [9, '\uFEFFb'],
      [10, 'MALFORMED_JSON'],
    ]);
  });

  it('a carriage return alone ends no line: the input is refused', () => {
    const reading = (text: string) => () => contents(Buffer.from(text), 0, 7);
    const sentence = /^Line 7 of the input.* carriage return alone ends; lines must end with LF or CRLF/;
    expect(reading('{"text":"a"}\r{"text":"b"}\r')).toThrow(sentence);
    expect(reading('{"text":"a"}\r{"text":"b"}\n{"text":"c"}\n')).toThrow(sentence);
    expect(contents(Buffer.from('{"text":\r"a"}\r\n{"text":"b"} x\r\n{"text":"c\rd"}\n'))).toEqual([
      [1, 'a'],
      [2, 'MALFORMED_JSON'],
      [3, 'MALFORMED_JSON'],
    ]);
  });

  it('a line that is not UTF-8 spares the others', () => {
    const bytes = Buffer.concat([
      Buffer.from('{"text":"é"}\n{"text":"'),
      Buffer.from([0xff]),
      Buffer.from('"}\n{"text":"b"}\n'),
    ]);
    expect(contents(bytes)).toEqual([
      [1, 'é'],
      [2, 'MALFORMED_JSON'],
      [3, 'b'],
    ]);
  });
});
