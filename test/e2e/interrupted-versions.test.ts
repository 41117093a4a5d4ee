import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseParity } from '../../src/engine/tokenization/parity.js';
import { REGISTRY, ROOT } from '../support/repository.js';
import { runCommand } from '../support/run-command.js';
import { writeTinyExport } from '../support/tiny-export.js';

vi.setConfig({ testTimeout: 120_000 });

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
let folder: string;
let child: ChildProcess;
let stderr: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-interrupted-'));
  mkdirSync(join(folder, 'registry/sentiment'), { recursive: true });
  cpSync(join(REGISTRY, 'sentiment/v1'), join(folder, 'registry/sentiment/v1'), { recursive: true });
  const { items } = parseParity(readFileSync(join(REGISTRY, 'sentiment/v1/parity.json')));
  const lines = items.slice(0, 24).map(({ text, label }) => JSON.stringify({ text, label }));
  writeFileSync(join(folder, 'data.jsonl'), lines.join('\n'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const environment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  MODEL_REGISTRY: join(folder, 'registry'),
});
const left = (): string[] => readdirSync(join(folder, 'registry/sentiment')).sort();

/** A search that tries one model after the other, none of which is good enough. */
async function searching(): Promise<void> {
  const args = ['quantize', 'sentiment/v1', '--to', 'v2', '--calibration-texts', '8'];
  const search = ['--search', '--data', 'data.jsonl', '--max-accuracy-drop', '-100'];
  child = spawn(process.execPath, [MAIN, ...args, ...search], {
    cwd: folder,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  stderr = '';
  await new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (stderr.includes('layers by themselves')) resolve();
    });
  });
  expect(left()).toEqual([`.v2.new-${String(child.pid)}`, `.v2.new-${String(child.pid)}.lock`, 'v1']);
}

describe('an interrupted search for layers', () => {
  it('keeps nothing, also when npm forwards the Ctrl-C that reached it too', async () => {
    await searching();
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    expect(await ended, stderr).toEqual([3, null]);
    expect(stderr).toMatch(/interrupted; nothing is kept, the same command starts over\n$/);
    expect(left()).toEqual(['v1']);
  });

  it('is swept by the next command that makes a version, when its process was killed', async () => {
    await searching();
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(left()).toHaveLength(3);
    writeTinyExport(join(folder, 'export'));
    const next = await runCommand(process.execPath, [MAIN, 'models', 'import', 'export', '--as', 'tiny/v1'], {
      cwd: folder,
      env: environment() as Record<string, string>,
    });
    expect(next.code, next.stderr).toBe(0);
    expect(next.stderr).toMatch(/sentiment\/\.v2\.new-\d+ is removed: the process that made it has ended\n/);
    expect(left()).toEqual(['v1']);
  });
});
