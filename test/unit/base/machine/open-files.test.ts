import { describe, expect, it } from 'vitest';
import {
  connectionsWithin,
  OPEN_FILES_WANTED,
  openFilesLimit,
  openFilesProblem,
  openFilesWarning,
} from '../../../../src/base/machine/open-files.js';

const limits = (
  soft: string,
): string => `Limit                     Soft Limit           Hard Limit           Units
Max processes             1000                 2000                 processes
Max open files            ${soft}                 1048576              files
`;

describe('the limit of open files', () => {
  it('is the soft one of the kernel, if there is one', () => {
    expect(openFilesLimit(limits('1024'))).toBe(1024);
    expect(openFilesLimit(limits('unlimited'))).toBeNull();
    expect(openFilesLimit(null)).toBeNull();
    expect(openFilesLimit()).toBeGreaterThan(0);
  });

  it.each([64, 256, 639])('of %d stops the start, with what is needed and how to get it', (limit) => {
    expect(openFilesProblem(limit)).toMatch(
      new RegExp(
        `may open ${limit} files .* needs 640 .*ulimit -n 4096.*LimitNOFILE=4096.*--ulimit nofile=4096`,
      ),
    );
  });

  it.each([640, OPEN_FILES_WANTED, null])('of %j does not', (limit) => {
    expect(openFilesProblem(limit)).toBeNull();
  });

  it('is said to be low when it leaves room for few connections', () => {
    expect(openFilesWarning(640, 552)).toMatch(/640 files .* 552 connections .*ulimit -n 4096/);
    expect(openFilesWarning(OPEN_FILES_WANTED, 4000)).toBeNull();
    expect(openFilesWarning(null, Infinity)).toBeNull();
  });

  it('leaves the service its own files', () => {
    expect(connectionsWithin(640, 3)).toBe(552);
    expect(connectionsWithin(640, 300)).toBe(1);
  });
});
