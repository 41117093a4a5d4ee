import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ParityFile } from '../../src/engine/tokenization/parity.js';
import type { Manifest } from '../../src/registry/manifest.js';
import { ROOT } from '../support/repository.js';
import { runCommand, type Finished } from '../support/run-command.js';
import { writeTinyExport } from '../support/tiny-export.js';

vi.setConfig({ testTimeout: 120_000 });

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
let folder: string;

const serin = (...args: string[]): Promise<Finished> =>
  runCommand(process.execPath, [MAIN, 'models', 'import', 'export', ...args], {
    cwd: folder,
    env: { MODEL_REGISTRY: join(folder, 'registry'), STATE_DIR: join(folder, 'var') },
  });

/** A program in the place of Python, which is not on every machine: `body` has the arguments of the script. */
function python(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(
    path,
    `#!${process.execPath}
const fs = require('node:fs');
const [script, checkpoint, texts, out, maxTokens, task] = process.argv.slice(2);
${body}
`,
  );
  chmodSync(path, 0o755);
  return path;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'serin-python-'));
  writeTinyExport(join(folder, 'export'));
  expect((await serin('--as', 'tiny/own')).code).toBe(0);
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const ownParity = (): string => join(folder, 'registry/tiny/own/parity.json');

describe('--python-parity', () => {
  it('asks Python for the golden texts, with the length and the task, and compares', async () => {
    const program = python(
      'python-right',
      `if (!fs.readFileSync(script, 'utf8').startsWith('import json, sys\\nimport torch\\n')) throw new Error('no script');
const asked = fs.readFileSync(texts, 'utf8').trim().split('\\n').map((line) => JSON.parse(line).text);
const known = new Map(JSON.parse(fs.readFileSync(${JSON.stringify(ownParity())}, 'utf8')).items.map((item) => [item.text, item]));
fs.writeFileSync(out, JSON.stringify({ reference: [checkpoint, maxTokens, task].join(' '), items: asked.map((text) => known.get(text)) }));`,
    );
    const { code, stdout } = await serin(
      ...['--as', 'tiny/v1', '--max-tokens', '64', '--python-parity', 'some/checkpoint', '--python', program],
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/parity +140 texts have the ids and scores of Python\n/);
    expect(stdout).not.toMatch(/Warnings/);
    const read = (file: string): unknown =>
      JSON.parse(readFileSync(join(folder, 'registry/tiny/v1', file), 'utf8'));
    expect((read('parity.json') as ParityFile & { reference: string }).reference).toBe(
      'some/checkpoint 64 text-classification',
    );
    expect((read('manifest.json') as Manifest).source).toMatchObject({
      parity: 'some/checkpoint 64 text-classification',
    });
    expect(readdirSync(join(folder, 'registry/tiny/v1'))).not.toContain('python');
  });

  it.each([
    [
      'lacks a module',
      'console.error("Traceback\\nModuleNotFoundError: No module named \'torch\'"); process.exit(1);',
      /python-lacks-a-module has no module torch: name the interpreter .* with --python PATH\.\n$/,
    ],
    [
      'fails',
      "console.error('warning\\nOSError: there is no such model\\nlook elsewhere'); process.exit(1);",
      /python-fails could not compute the golden texts \(exit code 1\): OSError: there is no such model look elsewhere\n$/,
    ],
    [
      'is ended',
      'process.kill(process.pid, 9); setInterval(() => {}, 1000);',
      /could not compute the golden texts \(SIGKILL\): it said nothing\n$/,
    ],
  ])('says what is wrong when Python %s', async (name, body, message) => {
    const { code, stderr } = await serin(
      ...[
        '--as',
        'tiny/v2',
        '--python-parity',
        'x',
        '--python',
        python(`python-${name.replaceAll(' ', '-')}`, body),
      ],
    );
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) as string });
    expect(readdirSync(join(folder, 'registry/tiny')).filter((entry) => entry.includes('v2'))).toEqual([]);
  });

  it('says what to do where there is no Python, and takes no file beside it', async () => {
    const missing = await serin('--as', 'tiny/v2', '--python-parity', 'x', '--python', join(folder, 'none'));
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(
      /There is no \S+none: name the interpreter .*, or make the golden texts elsewhere and give them with --parity FILE\.\n$/,
    );
    const both = await serin('--as', 'tiny/v2', '--python-parity', 'x', '--parity', ownParity());
    expect(both.stderr).toMatch(/--parity and --python-parity both say .*: give one of them\.\n$/);
  });
});

it('without golden texts of Python the first warning says that nothing was compared', async () => {
  const { stdout } = await serin('--as', 'tiny/v3', '--dry-run');
  expect(stdout).toMatch(
    /\nWarnings\n {2}- nothing was compared with Python: .*--python-parity CHECKPOINT, or --parity FILE\n/,
  );
  const json = await serin('--as', 'tiny/v3', '--dry-run', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({
    parity_from: 'here',
    notes: [expect.stringMatching(/^nothing was compared with Python/)],
  });
});

it('a version that a service could not keep in its workers is imported, with what to set', async () => {
  const { code, stdout } = await serin('--as', 'tiny/large', '--worker-max-rss-bytes', '100000000', '--json');
  expect(code).toBe(0);
  const {
    notes,
    manifest,
    worker_rss_bytes: bytes,
  } = JSON.parse(stdout) as {
    notes: string[];
    manifest: Manifest;
    worker_rss_bytes: number;
  };
  expect(bytes).toBeGreaterThan(100e6);
  expect(manifest.checked_on?.[0]?.worker_rss_bytes).toBe(bytes);
  const wanted = /set WORKER_MAX_RSS_BYTES=(\d+) or more before it is loaded$/.exec(notes.at(-1) ?? '')?.[1];
  expect(Number(wanted)).toBeGreaterThan(bytes);
});
