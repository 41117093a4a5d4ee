import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LockHeld, takeLockPatiently } from '../../../../src/base/files/output-lock.js';
import { StartError } from '../../../../src/base/errors/start-error.js';
import { fileProblem } from '../../../../src/base/files/write-error.js';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-paths-'));
  writeFileSync(at('file'), '');
  symlinkSync('circle', at('circle'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

const PATHS: readonly [string, string][] = [
  ['file/below', 'a part of its path is a file, not a folder'],
  ['n'.repeat(300), 'its name is too long (most file systems allow 255 bytes)'],
  ['circle/below', 'its links lead to one another'],
];

describe('an error of the file system that no caller explains', () => {
  it.each([...PATHS, ['none', 'it does not exist'] as const])(
    'says why %s cannot be read',
    (name, reason) => {
      const error = thrownBy(() => readFileSync(at(name)));
      expect(fileProblem(error)).toBe(`${at(name)} cannot be read: ${reason}.`);
    },
  );

  it.each([...PATHS, ['none/folder', 'its folder does not exist'] as const])(
    'says why %s cannot be made',
    (name, reason) => {
      const error = thrownBy(() => {
        mkdirSync(at(name));
      });
      expect(fileProblem(error)).toBe(`${at(name)} cannot be written: ${reason}.`);
    },
  );

  it('is none of ours otherwise', () => {
    expect(fileProblem(new TypeError('x'))).toBeNull();
    expect(fileProblem('x')).toBeNull();
    expect(fileProblem(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))).toBeNull();
    expect(fileProblem(Object.assign(new Error('x'), { code: 'ERR_X', path: '/a' }))).toBeNull();
  });
});

describe('the lock of an output', () => {
  it.each(PATHS)('says why %s cannot be written', async (name, reason) => {
    const error: unknown = await takeLockPatiently(at(name), () => undefined).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(StartError);
    expect(error).not.toBeInstanceOf(LockHeld);
    expect((error as Error).message).toBe(`${at(name)} cannot be written: ${reason}.`);
  });
});
