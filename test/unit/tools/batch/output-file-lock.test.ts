import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { emptyTally } from '../../../../src/tools/batch/block-tally.js';
import type { JournalHeader } from '../../../../src/tools/batch/journal.js';
import { namesFor, OutputFile } from '../../../../src/tools/batch/output-file.js';
import { LockLost, takeLock, type OutputLock } from '../../../../src/base/files/output-lock.js';
import type { BlockPart } from '../../../../src/tools/batch/output-target.js';
import type { Summary } from '../../../../src/tools/batch/run-summary.js';

let folder: string;
let lock: OutputLock;
let file: OutputFile;

const at = (name: string): string => join(folder, name);
const textOf = (name: string): string => readFileSync(at(name), 'utf8');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'serin-output-'));
  lock = takeLock(namesFor(at('out')).lock);
  const header = { serin_journal: 1 } as unknown as JournalHeader;
  const opened = await OutputFile.open(at('out'), header, 'either', lock);
  if (!(opened instanceof OutputFile)) throw new Error('there is nothing there yet');
  file = opened;
});
afterEach(async () => {
  await file.close();
  lock.release();
  rmSync(folder, { recursive: true });
});

const part = (block: number): BlockPart => ({
  block,
  end: { offset: block + 1, line: block + 1 },
  output: Buffer.from(`block ${String(block)}\n`),
  errors: Buffer.alloc(0),
  tally: emptyTally(),
});

it('writes nothing more, and takes no name, once another run has the lock of the output', async () => {
  await file.append(part(0));
  writeFileSync(at('new'), JSON.stringify({ pid: 17, started: '', scope: 'elsewhere', token: 'theirs' }));
  renameSync(at('new'), at('out.lock'));
  const journal = textOf('out.journal');
  await expect(file.append(part(1))).rejects.toThrow(LockLost);
  await expect(file.finish({} as Summary)).rejects.toThrow('(process 17;');
  expect(textOf('out.part')).toBe('block 0\n');
  expect(textOf('out.journal')).toBe(journal);
  expect(readdirSync(folder)).not.toContain('out');
});
