import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll } from 'vitest';
import { vi } from 'vitest';
import { BLOCK_BYTES } from '../../src/tools/records/blocks.js';
import { ROOT } from '../support/repository.js';
import type { Finished } from '../support/run-command.js';

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
const REGISTRY = resolve(ROOT, process.env.MODEL_REGISTRY ?? 'model-registry');
const WAIT_MS = 30_000;

/** A folder of the test file's own, and the command run in it. */
export const folder = mkdtempSync(join(tmpdir(), 'serin-batch-'));
export const at = (name: string): string => join(folder, name);
export const read = (name: string): Buffer => readFileSync(at(name));
export const has = (name: string): boolean => existsSync(at(name));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Finished & { readonly bytes: Buffer }>;
}

/** Starts `serin batch` with one worker, unless the arguments say otherwise. */
export function startBatch(args: readonly string[], stdin?: Buffer, cwd = folder): Started {
  const child = spawn(process.execPath, [MAIN, 'batch', ...args], {
    cwd,
    env: {
      PATH: process.env.PATH,
      MODEL_REGISTRY: REGISTRY,
      SERIN_CONFIG: join(ROOT, 'serin.config.yaml'),
      WORKERS: '1',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end(stdin);
  const ended = once(child, 'close').then(([code]) => {
    const bytes = Buffer.concat(chunks);
    return { code: code as number | null, stdout: bytes.toString(), stderr, bytes };
  });
  return { child, ended };
}

export const batch = (args: readonly string[], stdin?: Buffer, cwd = folder): Started['ended'] =>
  startBatch(args, stdin, cwd).ended;

/** Waits until the condition holds. */
export const until = (condition: () => boolean): Promise<void> =>
  vi.waitFor(
    () => {
      if (!condition()) throw new Error('not yet');
    },
    { timeout: WAIT_MS, interval: 2 },
  );

/** Blocks that the journal of an output names as done. */
export function blocksDone(output: string): number {
  if (!has(`${output}.journal`)) return 0;
  return read(`${output}.journal`).toString().split('"block":').length - 1;
}

/** The workers of a process. */
export function workersOf({ child }: Started): number[] {
  const pid = String(child.pid);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.trim().split(' ').filter(Boolean).map(Number);
}

const { items } = JSON.parse(readFileSync(join(REGISTRY, 'sentiment/v1/parity.json'), 'utf8')) as {
  items: { text: string; group: string }[];
};

/** The sentences of the GLUE SST-2 validation set. */
export const devSentences = items.filter(({ group }) => group === 'dev').map(({ text }) => text);

/** Cheap to infer: the tests of files are about everything else. */
const shortSentences = devSentences.filter((text) => text.length < 60).slice(0, 80);

export const LINES_PER_BLOCK = 40;

/** Lines that fill the given number of blocks with few, different texts, and some that have no answer. */
export function sampleLines(blocks: number): string[] {
  const pad = 'p'.repeat(Math.floor(BLOCK_BYTES / LINES_PER_BLOCK) - 200);
  return Array.from({ length: blocks * LINES_PER_BLOCK }, (_, i) => {
    if (i % 37 === 20) return i % 2 === 0 ? '{"text": ""}' : '{broken';
    const text = shortSentences[i % shortSentences.length] ?? '';
    return `{"id": ${String(9007199254740993n + BigInt(i))}, "text": ${JSON.stringify(text)}, "pad": "${pad}"}`;
  });
}
