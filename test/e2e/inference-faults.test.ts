import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processorUse } from '../../src/base/machine/processor-use.js';
import { AppError } from '../../src/base/errors/app-error.js';
import {
  built,
  codes,
  DIST,
  infer,
  poolIs,
  ROOT,
  startPool,
  submit,
  until,
  values,
  workerPids,
  type Running,
} from './pool-harness.js';

/** The real worker, with faults that a text can order. */
const FAULTY_WORKER = `
const { TextTokenizer } = await import(${JSON.stringify(pathToFileURL(resolve(DIST, 'engine/tokenization/text-tokenizer.js')).href)});
const encode = TextTokenizer.prototype.encode;
const spins = () => { for (;;) Math.sqrt(2); };
TextTokenizer.prototype.encode = function (text) {
  if (text.includes('tokenizing:abort')) process.abort();
  if (text.includes('tokenizing:hang')) spins();
  return encode.call(this, text);
};
await import(${JSON.stringify(pathToFileURL(resolve(DIST, 'engine/worker/entry.js')).href)});
const hoard = [];
process.prependListener('message', (message) => {
  if (message.type !== 'run') return;
  const texts = message.texts.join();
  if (texts.includes('fault:die')) process.kill(process.pid, 'SIGKILL');
  if (texts.includes('fault:hang')) for (;;) Math.sqrt(2);
  if (texts.includes('fault:grow')) hoard.push(Buffer.alloc(700_000_000, 1));
});
`;

const processorTimeMs = (pid: number): number => processorUse(pid)?.usedMs ?? 0;

describe('faults', () => {
  const faultyWorker = join(tmpdir(), `serin-faulty-worker-${String(process.pid)}.mjs`);
  let running: Running;
  beforeAll(async () => {
    writeFileSync(faultyWorker, FAULTY_WORKER);
    running = await startPool({ WORKER_WATCHDOG_MS: '500' }, faultyWorker);
  });
  afterAll(async () => {
    await running.app.close();
    rmSync(faultyWorker);
  });

  const whole = (): Promise<void> =>
    poolIs(running, ({ workersReady, spareReady }) => workersReady === 2 && spareReady === 1);

  it.each(['die', 'hang'])(
    'a text on which the process must %s is blamed alone; its batch mates are answered',
    async (fault) => {
      await whole();
      const { restarts } = running.pool.status();
      const texts = ['a fine film', `fault:${fault}`, 'a dull film', 'a film'];
      const outcomes = await infer(running, texts);
      expect(codes(outcomes)).toEqual([null, 'INFERENCE_FAILED', null, null]);
      // Once with its batch mates, or alone if it was alone in its batch, then alone until it is condemned.
      expect(running.pool.status().restarts - restarts).toBeGreaterThanOrEqual(2);
      expect(running.pool.status().restarts - restarts).toBeLessThanOrEqual(3);
      await whole();
    },
  );

  it.each(['abort', 'hang'])(
    'a text on which the process must %s while it tokenizes it is answered after one worker; others are untouched',
    async (fault) => {
      await whole();
      const { restarts } = running.pool.status();
      const texts = ['a fine film', 'a good film', `tokenizing:${fault}`, 'a dull film', 'a film'];
      const [outcomes, other] = await Promise.all([
        infer(running, texts),
        infer(running, ['a bad film'], 'v1'),
      ]);
      expect(codes(outcomes)).toEqual([null, null, 'INFERENCE_FAILED', null, null]);
      const guilty = outcomes[2];
      expect(guilty?.ok === false && guilty.error.message).toBe(
        'This text ended a worker process while it was tokenized.',
      );
      expect(codes(other)).toEqual([null]);
      expect(running.pool.status().restarts - restarts).toBe(1);
      await whole();
    },
  );

  it('tells of a text that hung until its user had left, and of no other that was late', async () => {
    await whole();
    const lost: string[] = [];
    running.pool.onLoss(({ version }) => lost.push(version));
    const late = new AppError('DEADLINE_EXCEEDED', 'Too late.');
    const [slow] = submit(running, ['a film that is only late']);
    slow?.cancel(late);
    const { restarts } = running.pool.status();
    const [hung] = submit(running, ['fault:hang']);
    await poolIs(running, ({ queuedTexts, runningTexts }) => queuedTexts === 0 && runningTexts > 0);
    hung?.cancel(late);
    await poolIs(running, (status) => status.restarts > restarts);
    await whole();
    expect(lost).toEqual(['v2']);
  });

  it('replaces a worker that has grown too large, after its batch and without a retry', async () => {
    await whole();
    const before = new Set(workerPids());
    const small = await startPool(
      { WORKER_MAX_RSS_BYTES: '700000000', WORKER_WATCHDOG_MS: '20000', WORKERS: '1', SPARE_WORKERS: '0' },
      faultyWorker,
    );
    const [grown] = workerPids().filter((pid) => !before.has(pid));
    values(await infer(small, ['fault:grow']));
    await poolIs(small, ({ restarts, workersReady }) => restarts === 1 && workersReady === 1);
    expect(workerPids()).not.toContain(grown);
    values(await infer(small, ['a film']));
    await small.app.close();
  });

  it('answers every request while workers are killed one after the other, and is whole again', async () => {
    await whole();
    let stop = false;
    let answered = 0;
    const client = async (n: number): Promise<void> => {
      for (let i = 0; !stop; i++) {
        values(await infer(running, [`film number ${String(n)} of ${String(i)}`]));
        answered++;
      }
    };
    const clients = Array.from({ length: 16 }, (_, n) => client(n));
    for (let kill = 0; kill < 5; kill++) {
      const target = answered + 50;
      await until(() => answered >= target);
      const [victim] = workerPids();
      if (victim !== undefined) process.kill(victim, 'SIGKILL');
    }
    await whole();
    stop = true;
    await Promise.all(clients);
  });

  it('spares a process that only waits for a processor', async () => {
    const before = new Set(workerPids());
    const slow = await startPool({ WORKER_WATCHDOG_MS: '100', WORKERS: '1', SPARE_WORKERS: '0' });
    const [pid] = workerPids().filter((each) => !before.has(each));
    const processor =
      /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
    // One that counts for ever takes 99.7 % of the processor from one of the idle class.
    const other = spawn('taskset', ['-c', processor, process.execPath, '-e', 'for (;;);']);
    try {
      expect(spawnSync('taskset', ['-a', '-p', '-c', processor, String(pid)]).status).toBe(0);
      expect(spawnSync('chrt', ['-a', '-i', '-p', '0', String(pid)]).status).toBe(0);
      const outcomes = infer(slow, [`a film ${'that was neither good nor bad '.repeat(40)}`]);
      const watched = processorTimeMs(other.pid ?? 0);
      // Ten times what the watchdog allows: a text of this length takes about 20 ms.
      await until(() => processorTimeMs(other.pid ?? 0) - watched > 3_000);
      expect(slow.pool.status()).toMatchObject({ restarts: 0, runningTexts: 1 });
      other.kill('SIGKILL');
      expect(values(await outcomes)).toHaveLength(1);
      expect(slow.pool.status().restarts).toBe(0);
    } finally {
      other.kill('SIGKILL');
      await slow.app.close();
    }
  });

  it('takes work away from a process that is stopped', async () => {
    const { restarts } = running.pool.status();
    const texts = ['a film', 'another film', 'a third film of quite another length than those'];
    // One after the other: the spare among them gets no work, and so is not missed.
    for (const pid of await whole().then(workerPids)) {
      process.kill(pid, 'SIGSTOP');
      expect(values(await infer(running, texts))).toHaveLength(3);
      if (workerPids().includes(pid)) process.kill(pid, 'SIGCONT');
      await whole();
    }
    expect(running.pool.status().restarts - restarts).toBeGreaterThanOrEqual(2);
  });
});

describe('a version that cannot be loaded', () => {
  it('a script that dies at once makes the pool not ready instead of spinning', async () => {
    const pool = await built<typeof import('../../src/engine/pool/worker-pool.js')>(
      'engine/pool/worker-pool.js',
    );
    const lost: number[] = [];
    const workers = new pool.WorkerPool(
      {
        entryFile: resolve(ROOT, 'test/e2e/fixtures/exits-at-once.mjs'),
        workers: 2,
        spareWorkers: 1,
        startTimeoutMs: 5_000,
      },
      {
        workerAvailable: () => undefined,
        batchDone: () => undefined,
        versionChanged: () => undefined,
        workerLost: () => lost.push(performance.now()),
      },
    );
    workers.start();
    await until(() => workers.status().exhausted);
    // Five failures take 100 + 200 + 400 ms of waiting between the rounds of two starts; a pool that spins takes none.
    expect((lost.at(-1) ?? 0) - (lost[0] ?? 0)).toBeGreaterThanOrEqual(100);
    await workers.close();
  });
});

describe('the end', () => {
  it('leaves no worker behind', async () => {
    const before = new Set(workerPids());
    const running = await startPool();
    const mine = workerPids().filter((pid) => !before.has(pid));
    expect(mine).toHaveLength(3);
    await running.app.close();
    expect(workerPids().filter((pid) => mine.includes(pid))).toEqual([]);
  });
});
