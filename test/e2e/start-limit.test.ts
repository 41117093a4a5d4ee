import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { VersionEvent, WorkerPool } from '../../src/engine/pool/worker-pool.js';
import type { FromWorker, VersionSpec } from '../../src/engine/protocol/protocol.js';
import { built, REGISTRY } from './pool-harness.js';

vi.setConfig({ testTimeout: 60_000 });

const LIMIT_MS = 10_000;

let folder: string;
let pool: WorkerPool | undefined;
let messages: FromWorker[];
let events: VersionEvent[];
let losses: string[];
let changed: () => void;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-start-limit-'));
  [messages, events, losses] = [[], [], []];
  changed = () => undefined;
});
afterEach(async () => {
  vi.useRealTimers();
  await pool?.close();
  rmSync(folder, { recursive: true });
});

/** Resolves when something has happened in the pool that makes it true; no clock is asked. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => (changed = resolve));
}

const count = (type: FromWorker['type']): number =>
  messages.filter((message) => message.type === type).length;

async function start(entryFile: string, spec: VersionSpec): Promise<WorkerPool> {
  const { WorkerPool: Pool } = await built<typeof import('../../src/engine/pool/worker-pool.js')>(
    'engine/pool/worker-pool.js',
  );
  const note = (): void => {
    changed();
  };
  const made = new Pool(
    { entryFile, workers: 1, spareWorkers: 0, startTimeoutMs: LIMIT_MS },
    {
      workerAvailable: note,
      batchDone: note,
      workerLost: (_, __, how) => {
        losses.push(how);
        note();
      },
      versionChanged: (_, event) => {
        events.push(event);
        note();
      },
    },
  );
  const receive = made.message.bind(made);
  made.message = (worker, message) => {
    messages.push(message);
    receive(worker, message);
    note();
  };
  pool = made;
  made.load(spec);
  made.start();
  return made;
}

/** A worker that loads for ever, and makes a step of the load for each character of a file. */
function stepper(): string {
  const file = join(folder, 'worker.mjs');
  writeFileSync(join(folder, 'steps'), '');
  writeFileSync(
    file,
    `import { readFileSync } from 'node:fs';
process.on('disconnect', () => process.exit(0));
process.on('message', ({ spec: { key } }) => {
  let made = 0;
  setInterval(() => {
    const wanted = readFileSync(${JSON.stringify(join(folder, 'steps'))}, 'utf8').length;
    while (made < wanted) { made++; process.send({ type: 'load_step', key }); }
  }, 2);
});
process.send({ type: 'online' });`,
  );
  return file;
}

const SPEC: VersionSpec = {
  key: 'big/v1@0',
  folder: '',
  files: {},
  task: 'text-classification',
  labels: ['A', 'B'],
  maxTokens: 512,
  truncationSide: 'right',
  session: { graph_optimization_level: 'all', disabled_optimizers: [] },
  batching: { max_padded_tokens: 256, runs_alone: false },
  threads: 1,
};

describe('the time limit of a start', () => {
  it('counts from the last step of the load, however long all of them take', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await start(stepper(), SPEC);
    await until(() => count('online') === 1);
    for (let step = 1; step <= 5; step++) {
      vi.advanceTimersByTime(0.9 * LIMIT_MS);
      await turn();
      appendFileSync(join(folder, 'steps'), '.');
      await until(() => count('load_step') === step || losses.length > 0);
    }
    expect(losses).toEqual([]);
    // A process that was just about to run gets a little longer.
    while (losses.length === 0) {
      vi.advanceTimersByTime(LIMIT_MS);
      await turn();
    }
    expect(losses).toEqual([`the load of big/v1 made no progress for ${LIMIT_MS} ms of its own time`]);
  });

  it('is told from a kill by the kernel', async () => {
    const made = await start(stepper(), SPEC);
    for (const deaths of [1, 2]) {
      await until(() => count('online') === deaths);
      for (const pid of made.pids()) process.kill(pid, 'SIGKILL');
      await until(() => losses.length === deaths);
    }
    const how = 'signal SIGKILL, which was not sent from here: the kernel sends it when memory runs out';
    expect(losses).toEqual([how, how]);
    expect(events).toEqual([
      { state: 'failed', reason: `2 worker processes died while loading it (${how})` },
    ]);
  });
});

it('a worker makes a step when its files are read, and after each run of the warm-up', async () => {
  const [{ toVersionSpec }, { findNamedVersion }, { WORKER_ENTRY_FILE }] = await Promise.all([
    built<typeof import('../../src/engine/version-spec.js')>('engine/version-spec.js'),
    built<typeof import('../../src/registry/find-version.js')>('registry/find-version.js'),
    built<typeof import('../../src/engine/pool/worker-handle.js')>('engine/pool/worker-handle.js'),
  ]);
  await start(WORKER_ENTRY_FILE, toVersionSpec(findNamedVersion(REGISTRY, 'sentiment/v2'), 1));
  await until(() => count('loaded') === 1);
  const types = messages.map(({ type }) => type);
  expect(types.slice(0, 3)).toEqual(['online', 'load_step', 'warming']);
  // Seven lengths of single texts, each twice, and the batches.
  expect(types.slice(3, -1).length).toBeGreaterThan(14);
  expect(new Set(types.slice(3, -1))).toEqual(new Set(['load_step']));
});
