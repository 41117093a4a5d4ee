import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeLock } from '../../../src/base/files/output-lock.js';
import { sweepHalfMade } from '../../../src/registry/half-made.js';
import { StagedVersion } from '../../../src/registry/staged-version.js';

/** Above the largest process id that Linux gives. */
const NOBODY = 2 ** 22 + 1;

let registry: string;
let said: string[];
beforeEach(() => {
  registry = mkdtempSync(join(tmpdir(), 'serin-half-made-'));
  said = [];
});
afterEach(() => {
  rmSync(registry, { recursive: true });
});

const at = (...names: string[]): string => join(registry, ...names);
const sweep = (): Promise<void> =>
  sweepHalfMade(registry, (sentence) => said.push(sentence.replaceAll(registry, 'R')));

function folder(...names: string[]): void {
  mkdirSync(at(...names), { recursive: true });
  writeFileSync(at(...names, 'who'), names.at(-1) ?? '');
}

/** The lock that a process of this machine held until it was killed. */
function lockOfNobody(...names: string[]): void {
  const path = at(...names);
  const lock = takeLock(path);
  const content = readFileSync(path, 'utf8');
  lock.release();
  writeFileSync(path, content.replace(`"pid":${process.pid}`, `"pid":${NOBODY}`));
}

describe('what a process that was killed left', () => {
  it('is removed, and the folder of a model that was made for it alone', async () => {
    folder('tone', `.v1.new-${NOBODY}`);
    lockOfNobody('tone', `.v1.new-${NOBODY}.lock`);
    folder('mood', 'v1');
    folder('mood', `.v2.new-${NOBODY}`);
    folder('mood', `.removed-v3-${NOBODY}`);
    await sweep();
    expect(readdirSync(registry)).toEqual(['mood']);
    expect(readdirSync(at('mood'))).toEqual(['v1']);
    expect(said.sort()).toEqual([
      `R/mood/.removed-v3-${NOBODY} is removed: the process that made it has ended`,
      `R/mood/.v2.new-${NOBODY} is removed: the process that made it has ended`,
      `R/tone/.v1.new-${NOBODY} is removed: the process that made it has ended`,
    ]);
  });

  it('gets its name back when it was moved aside and nothing took its place', async () => {
    folder('mood', `.replaced-v1-${NOBODY}`);
    folder('mood', 'v2');
    folder('mood', `.replaced-v2-${NOBODY}`);
    await sweep();
    expect(readdirSync(at('mood')).sort()).toEqual(['v1', 'v2']);
    expect(readFileSync(at('mood', 'v2', 'who'), 'utf8')).toBe('v2');
    expect(said).toContain('R/mood/v1 is back: a process that has ended had moved it aside to replace it');
  });
});

describe('what a living process makes', () => {
  it('is left alone, with what it has moved aside', async () => {
    const staged = await StagedVersion.create(at('mood'), 'v1');
    await staged.write('a.txt', 'new');
    folder('mood', `.replaced-v1-${NOBODY}`);
    folder('mood', `.v2.new-${process.ppid}`);
    await sweep();
    expect(existsSync(staged.path('a.txt'))).toBe(true);
    expect(existsSync(at('mood', `.replaced-v1-${NOBODY}`))).toBe(true);
    expect(existsSync(at('mood', `.v2.new-${process.ppid}`))).toBe(true);
    expect(said).toEqual([]);
    await staged.discard();
    await sweep();
    expect(readdirSync(at('mood')).sort()).toEqual([`.v2.new-${process.ppid}`, 'v1']);
  });

  it('is no version that begins with a dot, and no file of another kind', async () => {
    folder('mood', '.git');
    folder('mood', 'v1');
    writeFileSync(at('note'), '');
    await sweep();
    expect(readdirSync(at('mood')).sort()).toEqual(['.git', 'v1']);
  });
});
