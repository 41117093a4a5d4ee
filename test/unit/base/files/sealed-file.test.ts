import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSealed, writeSealed } from '../../../../src/base/files/sealed-file.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-sealed-'));
  path = join(folder, 'state.json');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a sealed file', () => {
  it('gives back what was written, and leaves nothing else in its folder', async () => {
    const content = { text: 'ü "quoted" \u2028', percent: 0.1, list: [1, null] };
    await writeSealed(path, { old: true });
    await writeSealed(path, content);
    expect(await readSealed(path)).toEqual({ kind: 'content', content });
    expect(readdirSync(folder)).toEqual(['state.json']);
  });

  it('is absent before it is written', async () => {
    expect(await readSealed(path)).toEqual({ kind: 'absent' });
    expect(await readSealed(join('/dev/null', 'x'))).toEqual({ kind: 'absent' });
    expect(await readSealed(folder)).toMatchObject({ kind: 'torn', reason: 'it cannot be read (EISDIR)' });
  });

  it('is known to be torn wherever it is cut, and edited wherever it is changed', async () => {
    await writeSealed(path, { percent: 50, phase: 'running' });
    const whole = readFileSync(path, 'utf8');
    for (let length = 0; length < whole.length - 2; length++) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      expect((await readSealed(path)).kind).toBe('torn');
    }
    for (const [from, to] of [
      ['50', '51'],
      ['running', 'Running'],
    ] as const) {
      writeFileSync(path, whole.replace(from, to));
      expect(await readSealed(path)).toMatchObject({ kind: 'torn' });
    }
    for (const other of ['null', '[]', '"text"', '{"content":{}}']) {
      writeFileSync(path, other);
      expect(await readSealed(path)).toMatchObject({ reason: 'it has no checksum' });
    }
  });

  it('cannot be written where there is no folder', async () => {
    await expect(writeSealed(join(folder, 'none', 'x'), {})).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
