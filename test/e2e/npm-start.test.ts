import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectGone } from '../support/expect-gone.js';
import { ROOT } from '../support/repository.js';
import { ONE_VERSION } from './harness.js';

/** A checkout without sources: `npm start` installs and builds nothing there. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-npm-start-'));
  for (const part of ['bin', 'package.json', '.npmrc']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(resolve(ROOT, process.env.SERIN_DIST ?? 'dist'), join(folder, 'dist'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A supervisor knows the process of npm alone. A shell between npm and the service would end in its place. */
it('SIGTERM to npm start ends the service in order, and npm with it', { timeout: 60_000 }, async () => {
  const { PATH, HOME, MODEL_REGISTRY } = process.env;
  const npm = spawn('npm', ['start', '--', '--port', '0'], {
    cwd: folder,
    env: {
      ...{ PATH, HOME, ...ONE_VERSION, MODEL_REGISTRY: resolve(ROOT, MODEL_REGISTRY ?? 'model-registry') },
      ...{ STATE_DIR: join(folder, 'var'), WORKERS: '1', SPARE_WORKERS: '0', SHUTDOWN_DELAY_MS: '0' },
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(npm, 'exit');
  // What npm leaves behind would hold the pipe, and the loop below would not end.
  void ended.then(() => {
    end(pid);
  });
  const said: string[] = [];
  let pid = 0;
  for await (const line of createInterface(npm.stdout)) {
    if (!line.startsWith('{')) continue;
    const { msg, pid: own } = JSON.parse(line) as { msg: string; pid?: number };
    said.push(msg);
    if (own !== undefined) pid = own;
    if (msg === 'ready') npm.kill('SIGTERM');
  }
  expect(said).toContain('leaving');
  expect(said.at(-1)).toBe('stopped');
  await ended;
  await expectGone([pid]);
});

/** Ends the service that is still there. */
function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
