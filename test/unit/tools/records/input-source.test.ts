import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkedEncoding } from '../../../../src/tools/records/encoding.js';
import type { StoredFormat } from '../../../../src/tools/records/file-format.js';
import { InputSource } from '../../../../src/tools/records/input-source.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-input-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function content(bytes: Buffer, format: Partial<StoredFormat> = {}): Promise<string> {
  const path = join(folder, 'in');
  writeFileSync(path, bytes);
  const source = await InputSource.open(path, {
    records: 'csv',
    compression: null,
    encoding: null,
    ...format,
  });
  const parts: Buffer[] = [];
  for await (const part of source.read()) parts.push(part);
  const all = Buffer.concat(parts);
  expect(await source.uncompressedBytes()).toBe(all.length);
  return all.toString();
}

const utf16 = (text: string, isBig: boolean): Buffer => {
  const bytes = Buffer.from(text, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
};

describe('an encoding', () => {
  it.each([
    ['windows-1252', Buffer.from([0x80, 0xe9, 0x93]), '€é“'],
    ['latin1', Buffer.from([0xe9, 0x0a]), 'é\n'],
    ['iso-8859-2', Buffer.from([0xb1]), 'ą'],
    ['shift_jis', Buffer.from([0x93, 0xfa]), '日'],
    ['utf-16', utf16('\uFEFFé😀', false), 'é😀'],
    ['utf-16', utf16('\uFEFFé😀', true), 'é😀'],
    ['utf-16', utf16('é', false), 'é'],
    ['utf-16be', utf16('é', true), 'é'],
  ])('%s is read as UTF-8', async (encoding, bytes, text) => {
    expect(await content(bytes, { encoding })).toBe(text);
    expect(await content(gzipSync(bytes), { encoding, compression: 'gzip' })).toBe(text);
  });

  it('keeps a character that two chunks share', async () => {
    const text = 'a'.repeat(1023) + '日'.repeat(400_000);
    expect(await content(utf16(text, false), { encoding: 'utf-16le' })).toBe(text);
  });

  it('that is another one is refused', async () => {
    await expect(content(Buffer.from([0x93, 0xff, 0xff]), { encoding: 'shift_jis' })).rejects.toThrow(
      /is not in the encoding shift_jis/,
    );
    expect(() => checkedEncoding('utf-9')).toThrow(/--encoding is "utf-9": allowed are.*windows-1252/);
  });

  it('UTF-8 needs none', () => {
    expect(['utf8', 'UTF-8', 'Latin1'].map(checkedEncoding)).toEqual([null, null, 'latin1']);
  });
});

describe('a file of Zstandard', () => {
  // Made with `zstd`: a frame each, with a checksum; the second has several blocks.
  const SHORT = Buffer.from('KLUv/QRYWQAAdGV4dApoZWxsbwrROybw', 'base64');
  const LONG = Buffer.from(
    'KLUv/QRYnAAAQGNhZsOpIHgKAgDE/1zlwggYAUwAAAh4AQD8/zkQAkwAAAhhAQD8/zkQAk0AAAh4AQA8dR0IAeRvqy0=',
    'base64',
  );
  const long = `café ${'x'.repeat(50)}\n`.repeat(8000);

  it('is read, also when it is several files put together', async () => {
    expect(await content(SHORT, { compression: 'zstd' })).toBe('text\nhello\n');
    expect(await content(Buffer.concat([SHORT, LONG, SHORT]), { compression: 'zstd' })).toBe(
      `text\nhello\n${long}text\nhello\n`,
    );
    expect(await content(Buffer.alloc(0), { compression: 'zstd' })).toBe('');
  });

  it('that is cut off, or none, is refused', async () => {
    for (const bytes of [
      LONG.subarray(0, -20),
      SHORT.subarray(0, 9),
      Buffer.from('text\nthis is no such file\n'),
    ]) {
      await expect(content(bytes, { compression: 'zstd' })).rejects.toThrow(/is not a whole zstd file/);
    }
    await expect(content(SHORT)).rejects.toThrow(/compressed with Zstandard.*end with \.zst/);
  });
});

describe('a file that is something else than its name says', () => {
  it.each([
    ['Excel', Buffer.from('PK\x03\x04rest'), /a ZIP archive, or a file of Excel/],
    ['old Excel', Buffer.from('d0cf11e0a1b11ae100', 'hex'), /a spreadsheet/],
    ['gzip', gzipSync('text\na\n'), /compressed with gzip.*end with \.gz/],
    ['xz', Buffer.from('fd377a585a000004', 'hex'), /compressed in a way.*xz -dc/],
    ['Parquet', Buffer.from('PAR1....'), /a Parquet file.*end with \.parquet/],
    ['Arrow', Buffer.from('ARROW1\0\0'), /an Arrow or Feather file/],
    ['pickle', Buffer.from('8004950000000000', 'hex'), /a pickle/],
    ['PDF', Buffer.from('%PDF-1.7\n'), /a document/],
    ['UTF-16', utf16('\uFEFFtext\n', false), /in UTF-16.*--encoding utf-16/],
  ])('is refused by its first bytes: %s', async (_, bytes, message) => {
    await expect(content(bytes)).rejects.toThrow(message);
  });

  it('a short file and a text that is like one of them are none', async () => {
    for (const text of ['', 'P', 'PK,text\n', '%PDF', 'é'])
      expect(await content(Buffer.from(text))).toBe(text);
  });
});
