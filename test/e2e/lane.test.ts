import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BatchPlan } from '../../src/engine/dispatch/batch-plan.js';
import type { TextOutcome } from '../../src/engine/dispatch/batch-group.js';
import type { Priority } from '../../src/engine/dispatch/executor.js';
import type { Lane } from '../../src/engine/dispatch/lane.js';
import type { PlannedBatches } from '../../src/engine/dispatch/planned-batches.js';
import type { Message, Source } from '../../src/engine/dispatch/source.js';
import type { RowsOutcome } from '../../src/engine/dispatch/pending-text.js';
import type { QueuedTexts } from '../../src/engine/dispatch/queued-texts.js';
import type { WorkerPool } from '../../src/engine/pool/worker-pool.js';
import type { VersionSpec } from '../../src/engine/protocol/protocol.js';
import { AppError } from '../../src/base/errors/app-error.js';
import { built, REGISTRY, until } from './pool-harness.js';

/** Enough for some forty messages. */
const JOB_TEXTS = 3_000;
const WORKERS = 2;
const OPTIONS = { watchdogMs: 30_000, maxRssBytes: 2e9 };

let spec: VersionSpec;
let plan: BatchPlan;
/** The answers of a run that nothing disturbed. */
let undisturbed: readonly TextOutcome[] | undefined;

let pool: WorkerPool;
let lane: Lane;
let texts: Readonly<Record<Priority, QueuedTexts>>;
let jobs: PlannedBatches;
let submit: (priority: Priority, text: string) => Promise<RowsOutcome>;
/** Users' texts that waited whenever a worker was given a message of the job or a background text. */
const waited: number[] = [];

/** Notes how many users' texts wait whenever this source is given a worker. */
function watch<M extends Message>(source: Source<M>): void {
  const next = source.next.bind(source);
  source.next = (seat, now) => {
    const message = next(seat, now);
    if (message !== undefined) waited.push(texts.user.waiting);
    return message;
  };
}

const modules = () =>
  Promise.all([
    built<typeof import('../../src/registry/registry-files.js')>('registry/registry-files.js'),
    built<typeof import('../../src/engine/version-spec.js')>('engine/version-spec.js'),
    built<typeof import('../../src/engine/tokenization/load-tokenizer.js')>(
      'engine/tokenization/load-tokenizer.js',
    ),
    built<typeof import('../../src/engine/dispatch/batch-plan.js')>('engine/dispatch/batch-plan.js'),
    built<typeof import('../../src/engine/dispatch/plan-runner.js')>('engine/dispatch/plan-runner.js'),
    built<typeof import('../../src/engine/pool/worker-handle.js')>('engine/pool/worker-handle.js'),
  ]);

const laneModules = () =>
  Promise.all([
    built<typeof import('../../src/engine/pool/worker-pool.js')>('engine/pool/worker-pool.js'),
    built<typeof import('../../src/engine/dispatch/lane.js')>('engine/dispatch/lane.js'),
    built<typeof import('../../src/engine/dispatch/queued-texts.js')>('engine/dispatch/queued-texts.js'),
    built<typeof import('../../src/engine/dispatch/planned-batches.js')>(
      'engine/dispatch/planned-batches.js',
    ),
    built<typeof import('../../src/engine/dispatch/pending-text.js')>('engine/dispatch/pending-text.js'),
    built<typeof import('../../src/engine/tasks/table.js')>('engine/tasks/table.js'),
  ]);

beforeAll(async () => {
  const [files, specs, tokenizers, plans, runners, { WORKER_ENTRY_FILE: entryFile }] = await modules();
  const version = files.readVersion(REGISTRY, 'sentiment', 'v2')?.version;
  if (!version) throw new Error('the registry has no sentiment/v2');
  spec = specs.toVersionSpec(version, 1);
  const tokenizer = await tokenizers.loadTokenizer(version);
  const { max_padded_tokens: maxPaddedTokens, runs_alone: runsAlone } = version.manifest.batching;
  const planner = new plans.BatchPlanner(tokenizer, { maxPaddedTokens, runsAlone });
  for (let i = 0; i < JOB_TEXTS; i++)
    planner.add(`Film ${String(i)} of the job was ${'so '.repeat(i % 30)}good.`);
  plan = planner.finish();
  const runner = new runners.PlanRunner(spec, {
    entryFile,
    workers: WORKERS,
    ...OPTIONS,
    onLoss: () => undefined,
    onProgress: () => undefined,
  });
  undisturbed = await runner.run(plan);
  await runner.close();

  const [
    { WorkerPool, START_TIMEOUT_MS },
    { Lane },
    { QueuedTexts },
    { PlannedBatches },
    { PendingText },
    { taskNamed },
  ] = await laneModules();
  const events = { released: () => undefined, batchFinished: () => undefined, lostForUser: () => undefined };
  const user = new QueuedTexts(false, events);
  const background = new QueuedTexts(true, events);
  texts = { user, background };
  jobs = new PlannedBatches(spec.key, WORKERS, taskNamed(spec.task));
  watch(background);
  watch(jobs);
  pool = new WorkerPool(
    { entryFile, workers: WORKERS, spareWorkers: 1, startTimeoutMs: START_TIMEOUT_MS },
    {
      workerAvailable: (worker) => {
        lane.workerAvailable(worker);
      },
      batchDone: (worker, message) => {
        lane.batchDone(worker, message);
      },
      workerLost: (worker) => {
        lane.workerLost(worker);
      },
      versionChanged: (key, event) => {
        lane.versionChanged(key, event);
      },
    },
  );
  lane = new Lane(
    pool,
    [
      { source: user, handOver: 'late', keepOneIdle: false },
      { source: background, handOver: 'never', keepOneIdle: true },
      { source: jobs, handOver: 'late', keepOneIdle: false },
    ],
    OPTIONS,
  );
  for (const source of Object.values(texts)) source.open(spec.key, { maxPaddedTokens, runsAlone });
  submit = (priority, text) =>
    new Promise((resolve) => {
      const now = performance.now();
      const turn = { enqueuedAt: now, turnAt: now, priority };
      const work = { range: null, sequences: 1, tokens: 12, workMs: 1, soloMs: 1, ...turn };
      texts[priority].add([new PendingText(spec.key, { text }, work, resolve)]);
      lane.wake();
    });
  pool.load(spec);
  pool.start();
  await until(() => pool.status().ready === WORKERS && pool.status().spareReady === 1);
}, 120_000);

afterAll(async () => {
  lane.close(new AppError('SHUTTING_DOWN', 'The test is over.'));
  await pool.close();
});

it('users are answered first, a job and background texts in the time that they leave, and a lost worker changes no answer', async () => {
  const job = jobs.add(plan);
  lane.wake();
  const whole = jobs.waiting;
  await until(() => jobs.waiting < whole);
  const background = Array.from({ length: 10 }, (_, i) => submit('background', `Compare film ${String(i)}.`));
  const users: RowsOutcome[] = [];
  const client = async (n: number): Promise<void> => {
    for (let i = 0; i < 25; i++)
      users.push(await submit('user', `A user's film, ${String(n)} of ${String(i)}.`));
  };
  const clients = Array.from({ length: 4 }, (_, n) => client(n));
  await until(() => users.length > 10);
  const [victim] = pool.active();
  if (victim?.pid !== undefined) process.kill(victim.pid, 'SIGKILL');
  await Promise.all(clients);
  // The job is not done while users are served, and goes on when they leave it time.
  const outcomes = await job;
  expect(users.filter(({ ok }) => ok)).toHaveLength(100);
  expect((await Promise.all(background)).every(({ ok }) => ok)).toBe(true);
  expect(outcomes).toHaveLength(JOB_TEXTS);
  expect(outcomes).toEqual(undisturbed);
  expect(pool.status().restarts).toBe(1);
  expect(waited.length).toBeGreaterThan(20);
  // A message was taken from the job, or from the background, only when no user's text waited.
  expect(waited.filter((count) => count > 0)).toEqual([]);
}, 120_000);
