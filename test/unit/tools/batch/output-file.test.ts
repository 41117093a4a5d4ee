import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StartError } from '../../../../src/base/errors/start-error.js';
import {
  entryLine,
  headerLine,
  type BlockEntry,
  type JournalHeader,
} from '../../../../src/tools/batch/journal.js';
import { OutputFile } from '../../../../src/tools/batch/output-file.js';
import { emptyTally } from '../../../../src/tools/batch/block-tally.js';

const header: JournalHeader = {
  serin_journal: 1,
  reader_version: 2,
  input: { bytes: 100, modified: '2026-01-01T00:00:00.000Z', sha256_of_both_ends: 'ab' },
  version: { name: 'sentiment/v1', digest: 'cd' },
  options: {},
  block_bytes: 10,
  runtime: {},
  cpu_features: 'avx2',
};
const entry: BlockEntry = {
  block: 0,
  end: { offset: 10, line: 2 },
  outputBytes: 4,
  outputCrc: 0,
  errorsBytes: 0,
  errorsCrc: 0,
  tally: emptyTally(),
};
/** A lock that nobody takes away. */
const OURS = { check: () => Promise.resolve() };
const JOURNAL = `${headerLine(header)}${entryLine(entry)}`;

let folder: string;
let output: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-output-'));
  output = join(folder, 'o.jsonl');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function refuses(mode: 'either' | 'restart', reason: RegExp): Promise<void> {
  const attempt = OutputFile.open(output, header, mode, OURS);
  await expect(attempt).rejects.toThrow(StartError);
  await expect(attempt).rejects.toThrow(reason);
}

describe('an OUT that is a folder', () => {
  it.each(['either', 'restart'] as const)('is refused at the start (%s)', async (mode) => {
    mkdirSync(output);
    await refuses(mode, /o\.jsonl cannot be written: it is a folder/);
    expect(existsSync(`${output}.part`)).toBe(false);
  });
});

describe('files beside OUT without a journal', () => {
  it.each(['part', 'errors', 'errors.part'])(
    '.%s is left alone, and replaced with --restart',
    async (name) => {
      writeFileSync(`${output}.${name}`, 'precious');
      await refuses(
        'either',
        new RegExp(`o\\.jsonl\\.${name} exists, and no journal.*--restart replaces it`),
      );
      expect(readFileSync(`${output}.${name}`, 'utf8')).toBe('precious');
      const opened = await OutputFile.open(output, header, 'restart', OURS);
      if (opened instanceof OutputFile) await opened.close();
      expect(existsSync(`${output}.journal`)).toBe(true);
    },
  );

  it('beside a journal that a power loss has torn, a part is made again', async () => {
    writeFileSync(`${output}.journal`, JOURNAL.slice(0, 20));
    writeFileSync(`${output}.part`, 'lost');
    const opened = await OutputFile.open(output, header, 'either', OURS);
    if (opened instanceof OutputFile) await opened.close();
    expect(readFileSync(`${output}.part`, 'utf8')).toBe('');
  });

  it('empty parts, as a kill at the start leaves them, are no reason to refuse', async () => {
    for (const name of ['part', 'errors.part']) writeFileSync(`${output}.${name}`, '');
    const opened = await OutputFile.open(output, header, 'either', OURS);
    expect(opened).toBeInstanceOf(OutputFile);
    if (opened instanceof OutputFile) await opened.close();
  });
});

describe('a journal that is there', () => {
  it('and cannot be read is not taken for none', async () => {
    mkdirSync(`${output}.journal`);
    await refuses('either', /o\.jsonl\.journal cannot be read: it is a folder/);
    rmSync(`${output}.journal`, { recursive: true });
    symlinkSync('o.jsonl.journal', `${output}.journal`);
    await refuses('either', /o\.jsonl\.journal cannot be read: its links lead to one another/);
    expect(existsSync(`${output}.part`)).toBe(false);
  });

  it('stays when the part file beside it cannot be opened', async () => {
    writeFileSync(`${output}.journal`, JOURNAL);
    mkdirSync(`${output}.part`);
    await refuses('restart', /o\.jsonl\.part cannot be written: it is a folder/);
    expect(readFileSync(`${output}.journal`, 'utf8')).toBe(JOURNAL);
  });

  it('and what it tells of give way to a new one', async () => {
    writeFileSync(`${output}.journal`, JOURNAL);
    writeFileSync(`${output}.part`, 'old\n');
    const opened = await OutputFile.open(output, header, 'restart', OURS);
    if (!(opened instanceof OutputFile)) throw new Error('nothing was begun');
    await opened.close();
    expect(readFileSync(`${output}.journal`, 'utf8')).toBe(headerLine(header));
    expect(readFileSync(`${output}.part`, 'utf8')).toBe('');
  });
});
