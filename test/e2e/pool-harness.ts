import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Test, type TestingModule } from '@nestjs/testing';
import { vi } from 'vitest';
import { REGISTRY, ROOT } from '../support/repository.js';
import type {
  Computation,
  Executor,
  Inference,
  Outcome,
  Priority,
} from '../../src/engine/dispatch/executor.js';
import type { InferencePoolStatus, InferenceStatus } from '../../src/service/inference/pool-status.js';
import type { ModelRegistryService } from '../../src/service/model-registry/model-registry.service.js';

export { ROOT, REGISTRY };
export const DIST = resolve(ROOT, process.env.SERIN_DIST ?? 'dist');

/** The built file of the product, with the types of its source. */
export const built = async <T>(path: string): Promise<T> =>
  (await import(pathToFileURL(resolve(DIST, path)).href)) as T;

export interface Running {
  readonly app: TestingModule;
  readonly executor: Executor;
  readonly pool: InferencePoolStatus;
  readonly registry: ModelRegistryService;
}

export async function startPool(env: Record<string, string> = {}, entryFile?: string): Promise<Running> {
  const [config, observability, inference, executor, pool, poolStatus, registry] = await Promise.all([
    built<typeof import('../../src/base/config/load-config.js')>('base/config/load-config.js'),
    built<typeof import('../../src/service/observability/observability.module.js')>(
      'service/observability/observability.module.js',
    ),
    built<typeof import('../../src/service/inference/inference.module.js')>(
      'service/inference/inference.module.js',
    ),
    built<typeof import('../../src/engine/dispatch/executor.js')>('engine/dispatch/executor.js'),
    built<typeof import('../../src/service/inference/pool-executor.js')>(
      'service/inference/pool-executor.js',
    ),
    built<typeof import('../../src/service/inference/pool-status.js')>('service/inference/pool-status.js'),
    built<typeof import('../../src/service/model-registry/model-registry.service.js')>(
      'service/model-registry/model-registry.service.js',
    ),
  ]);
  const { SerinConfigModule } = await built<typeof import('../../src/service/config/config.module.js')>(
    'service/config/config.module.js',
  );
  const loaded = config.loadConfig({
    cwd: ROOT,
    env: { MODEL_REGISTRY: REGISTRY, LOG_LEVEL: 'silent', WORKERS: '2', ...env },
  });
  const builder = Test.createTestingModule({
    imports: [
      SerinConfigModule.forRoot(loaded),
      observability.ObservabilityModule,
      inference.InferenceModule,
    ],
  });
  if (entryFile !== undefined) builder.overrideProvider(pool.WORKER_ENTRY).useValue(entryFile);
  const app = await builder.compile();
  app.useLogger(false);
  await app.init();
  const running = {
    app,
    executor: app.get(executor.Executor),
    pool: app.get<InferencePoolStatus>(poolStatus.InferencePoolStatus),
    registry: app.get(registry.ModelRegistryService),
  };
  await poolIs(
    running,
    ({ workersReady, spareReady }) => workersReady === loaded.workers && spareReady === loaded.spareWorkers,
  );
  return running;
}

/** Looks until a condition holds, as long as a start may take on a busy machine. */
export async function until(condition: () => boolean): Promise<void> {
  await vi.waitFor(
    () => {
      if (!condition()) throw new Error('not yet');
    },
    { timeout: 60_000, interval: 10 },
  );
}

/** Waits for a condition of the pool. */
export async function poolIs(
  { pool }: Pick<Running, 'pool'>,
  condition: (status: InferenceStatus) => boolean,
): Promise<void> {
  await until(() => condition(pool.status()));
}

/** @throws AppError when the texts are not admitted */
export const submit = (
  { executor, registry }: Running,
  texts: readonly string[],
  {
    version = 'v2',
    priority = 'user',
    evenEmpty = false,
  }: { version?: string; priority?: Priority; evenEmpty?: boolean } = {},
): Computation[] =>
  executor.submit(
    texts.map((text) => ({ version: registry.resolve('sentiment', version), text, evenEmpty })),
    priority,
  );

export const outcomesOf = (computations: readonly Computation[]): Promise<Outcome[]> =>
  Promise.all(computations.map(({ outcome }) => outcome));

/** Rejects when the texts are not admitted. */
export const infer = async (running: Running, texts: readonly string[], version = 'v2'): Promise<Outcome[]> =>
  outcomesOf(submit(running, texts, { version }));

export function values(outcomes: readonly Outcome[]): Inference[] {
  return outcomes.map((outcome) => {
    if (!outcome.ok) throw outcome.error;
    return outcome.value;
  });
}

export const codes = (outcomes: readonly Outcome[]): (string | null)[] =>
  outcomes.map((outcome) => (outcome.ok ? null : outcome.error.code));

/** Worker processes of this process that still run. */
export function workerPids(): number[] {
  const children = readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return children.filter((pid) => readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes('worker'));
}
