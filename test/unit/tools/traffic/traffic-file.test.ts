import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTraffic, type TrafficLine } from '../../../../src/tools/traffic/traffic-file.js';
import { StartError } from '../../../../src/base/errors/start-error.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-traffic-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function read(
  content: string | Buffer,
  name = 'traffic.jsonl',
  field = 'text',
): Promise<TrafficLine[]> {
  const path = join(folder, name);
  writeFileSync(path, content);
  const lines = [];
  for await (const line of readTraffic(path, field, new AbortController().signal)) lines.push(line);
  return lines;
}

describe('a traffic file', () => {
  it('may have a byte order mark, CRLF, blank lines and no last newline', async () => {
    expect(await read('\uFEFF{"text":"a"}\r\n\r\n  \n{"x":1,"text":"b"}')).toEqual([
      { line: 1, text: 'a' },
      { line: 4, text: 'b' },
    ]);
  });

  it('keeps line separators inside of texts', async () => {
    expect(await read('{"text":"a\u2028b\u0085c"}\n')).toEqual([{ line: 1, text: 'a\u2028b\u0085c' }]);
  });

  it('may have lines longer than what is read at once, and characters across its borders', async () => {
    const text = 'é'.repeat(1_000_001);
    expect(await read(`{"text":"x"}\n${JSON.stringify({ text })}\n`)).toEqual([
      { line: 1, text: 'x' },
      { line: 2, text },
    ]);
  });

  it('may be compressed', async () => {
    expect(await read(gzipSync('{"text":"a"}\n'), 'traffic.jsonl.gz')).toEqual([{ line: 1, text: 'a' }]);
  });

  it('may be compressed by a name in capitals, and a compressed file of 0 bytes is empty', async () => {
    expect(await read(gzipSync('{"text":"a"}\n'), 'traffic.jsonl.GZ')).toEqual([{ line: 1, text: 'a' }]);
    expect(await read('', 'empty.jsonl.gz')).toEqual([]);
  });

  it('may have a byte order mark before any line, and names lines that are not UTF-8', async () => {
    const content = Buffer.concat([
      Buffer.from('\uFEFF{"text":"a"}\n\uFEFF{"text":"b"}\n{"text":"'),
      Buffer.from([0xe9]),
      Buffer.from('"}\n'),
    ]);
    expect(await read(content)).toEqual([
      { line: 1, text: 'a' },
      { line: 2, text: 'b' },
      { line: 3, problem: 'it is not UTF-8' },
    ]);
  });

  it('whose lines end with a carriage return alone is refused', async () => {
    await expect(read('{"text":"a"}\r{"text":"b"}\r')).rejects.toThrow(/^Line 1 of the input.* LF or CRLF/);
  });

  it('says of each line without a text what is wrong', async () => {
    expect(await read('no\n[]\n"text"\nnull\n{"text":1}\n{}\n')).toEqual([
      { line: 1, problem: 'it is not JSON' },
      { line: 2, problem: 'it has no field "text"' },
      { line: 3, problem: 'it is not a JSON object' },
      { line: 4, problem: 'it is not a JSON object' },
      { line: 5, problem: 'its "text" is not a string' },
      { line: 6, problem: 'it has no field "text"' },
    ]);
    expect(await read('{"a":1}\n', 'other.jsonl', 'constructor')).toEqual([
      { line: 1, problem: 'it has no field "constructor"' },
    ]);
  });

  it('that cannot be read is unusable input', async () => {
    const { signal } = new AbortController();
    await expect(readTraffic(join(folder, 'none.jsonl'), 'text', signal).next()).rejects.toThrow(StartError);
    await expect(readTraffic(folder, 'text', signal).next()).rejects.toThrow(StartError);
    await expect(read('not compressed', 'broken.jsonl.gz')).rejects.toThrow(
      /broken\.jsonl\.gz cannot be read/,
    );
  });
});
