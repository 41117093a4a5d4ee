import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrayAsLines } from '../../../../src/tools/records/json-array.js';

/** The input as the reader sees it, cut into chunks of the given sizes in turn. */
async function converted(input: Buffer | string, sizes: readonly number[] = [1 << 20]): Promise<string> {
  const bytes = Buffer.from(input);
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const size = sizes[i % sizes.length] ?? 1;
      yield await Promise.resolve(bytes.subarray(at, at + size));
      at += size;
    }
  }
  const parts: Buffer[] = [];
  for await (const part of arrayAsLines(chunks())) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('an array of JSON', () => {
  it('becomes one line per element, whatever the layout and the chunks', async () => {
    const element = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 3 }), {
      maxKeys: 4,
    });
    const layout = fc.constantFrom(undefined, 1, '\t');
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(element, { maxLength: 5 }), layout, sizes, async (array, indent, chunks) => {
        const lines = (await converted(JSON.stringify(array, null, indent), chunks)).split('\n');
        expect(lines.pop()).toBe('');
        expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(JSON.parse(JSON.stringify(array)));
      }),
    );
  });

  it('keeps every digit and every spelling', async () => {
    const input =
      '\uFEFF \r\n[ {"id":9007199254740993, "x":1.10},\r\n{\r\n  "a": "\\u00e9\\"],[",\r\n  "b": [1 , {}]\r\n}\r\n]\r\n\n';
    expect(await converted(input)).toBe(
      '{"id":9007199254740993, "x":1.10}\n{ "a": "\\u00e9\\"],[", "b": [1 , {}] }\n',
    );
  });

  it.each([
    ['[]', ''],
    [' [ \n ] ', ''],
    ['[1,"a",[2]]', '1\n"a"\n[2]\n'],
    // No element stays without a line, and what is wrong stays wrong.
    ['[{},,{}]', '{}\n,\n{}\n'],
    ['[{},]', '{}\n,\n'],
    ['[{"a":1\n2}]', '{"a":1 2}\n'],
    ['[{"a":"b\nc"}]', '{"a":"b\tc"}\n'],
    ['[{broken},{}]', '{broken}\n{}\n'],
    ['[},{}]', '}\n{}\n'],
  ])('%j', async (input, expected) => {
    expect(await converted(input)).toBe(expected);
  });

  it.each(['{"text":"[a"}\n[1]\n', '\n\n', '', '\uFEFF{"a":1}', '"a"'])(
    'hands on what is none: %j',
    async (input) => {
      for (const size of [1, 2, 100]) expect(await converted(input, [size])).toBe(input);
    },
  );

  it.each([
    ['[{"a":1},{"b":', /not closed.*element 2/],
    ['[{"a":"b}]', /not closed.*element 1/],
    ['[1] [2]', /behind the end of its array/],
    ['[1]\n{"a":1}', /behind the end of its array/],
  ])('that is not whole is refused: %j', async (input, message) => {
    await expect(converted(input)).rejects.toThrow(message);
  });
});
