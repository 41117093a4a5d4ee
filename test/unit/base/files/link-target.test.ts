import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linkTarget } from '../../../../src/base/files/link-target.js';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'serin-links-')));
  mkdirSync(at('far/away'), { recursive: true });
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('the name that a path leads to', () => {
  it('is the path itself where it is no link, also where nothing or no folder is', () => {
    writeFileSync(at('file'), '');
    for (const name of ['file', 'new', 'file/below', 'n'.repeat(300)]) {
      expect(linkTarget(at(name))).toBe(at(name));
    }
    expect(linkTarget('relative')).toBe('relative');
  });

  it('is the end of its links, whether there is a file or not', () => {
    symlinkSync('far/away/out', at('out'));
    symlinkSync(at('out'), at('far/again'));
    expect(linkTarget(at('out'))).toBe(at('far/away/out'));
    expect(linkTarget(at('far/again'))).toBe(at('far/away/out'));
    writeFileSync(at('far/away/out'), '');
    expect(linkTarget(at('far/again'))).toBe(at('far/away/out'));
  });

  it('is seen from the folder that the link stands in, not from a link to that folder', () => {
    symlinkSync('far/away', at('near'));
    symlinkSync('../out', at('far/away/up'));
    expect(linkTarget(at('near/up'))).toBe(at('far/out'));
  });

  it('is refused where links lead to one another', () => {
    symlinkSync('b', at('a'));
    symlinkSync('a', at('b'));
    expect(() => linkTarget(at('a'))).toThrow(/a cannot be used: its links lead to one another/);
  });
});
