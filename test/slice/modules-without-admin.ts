import 'reflect-metadata';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoggerService, Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { register } from 'prom-client';
import { loadConfig } from '../../src/base/config/load-config.js';
import type { SerinConfig } from '../../src/base/config/serin-config.js';
import {
  Executor,
  type Computation,
  type InferenceItem,
  type Outcome,
} from '../../src/engine/dispatch/executor.js';
import type { ModelVersion } from '../../src/registry/model-version.js';
import { SerinConfigModule } from '../../src/service/config/config.module.js';
import { HttpModule } from '../../src/service/http/http.module.js';
import { JsonAdapter } from '../../src/service/http/json-adapter.js';
import { PoolExecutor } from '../../src/service/inference/pool-executor.js';
import { InferencePoolStatus, type RunListener } from '../../src/service/inference/pool-status.js';
import { VersionHost } from '../../src/service/inference/version-host.js';
import { ModelRegistryService } from '../../src/service/model-registry/model-registry.service.js';
import { createLogger } from '../../src/service/observability/logger.js';
import { METRIC } from '../../src/service/observability/metric-table.js';
import { ObservabilityModule } from '../../src/service/observability/observability.module.js';
import { PredictModule } from '../../src/service/predict/predict.module.js';
import { RolloutModule } from '../../src/service/rollout/rollout.module.js';
import { ROOT } from '../support/repository.js';

/** Stands for the worker processes: loads at once, and answers each text in its next turn unless it is held. */
export class FakePool {
  readonly loads: string[] = [];
  registry: ModelRegistryService | undefined;
  /** While set, texts of users wait for it. */
  held: Promise<void> | undefined;
  private readonly runListeners: RunListener[] = [];

  status(): object {
    return { workersWanted: 1, workersReady: 1, spareReady: 0, queuedTexts: 0, restarts: 0, state: 'ready' };
  }

  onRun(listener: RunListener): void {
    this.runListeners.push(listener);
  }

  onLoss(): void {
    return;
  }

  submit(items: readonly InferenceItem[]): Computation[] {
    return items.map(({ version }) => ({ outcome: this.infer(version), cancel: () => undefined }));
  }

  load(version: ModelVersion): void {
    this.loads.push(version.version);
    this.registry?.setState(version, 'warming');
    this.registry?.setState(version, 'ready');
  }

  loadOneByOne(version: ModelVersion): Promise<object> {
    this.load(version);
    return Promise.resolve({ ok: true, cost: { fixedMs: 1, perTokenMs: 0, perTokenSquaredMs: 0 } });
  }

  textsOf(): number {
    return 0;
  }

  workerPids(): number[] {
    return [];
  }

  private async infer(version: ModelVersion): Promise<Outcome> {
    await this.held;
    const now = performance.now();
    for (const listener of this.runListeners) listener(version, { inferenceMs: 1, paddedTokens: 8 });
    const times = {
      admittedAt: now,
      resultAt: now,
      queueMs: 0,
      transferMs: 0,
      tokenizeMs: 0,
      inferenceMs: 1,
    };
    const answer = { value: { scores: [0.1, 0.9] }, tokens: 8, truncated: false };
    return { ok: true, value: { answer, ...times, batchSize: 1 } };
  }
}

/** A folder with a configuration file and a registry: v1 and v2 as shipped, and v3, which has the files of v2. */
export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'serin-without-admin-'));

  constructor(section: string) {
    const model = join(this.folder, 'registry/sentiment');
    mkdirSync(model, { recursive: true });
    const shipped = join(ROOT, 'model-registry/sentiment');
    for (const name of ['v1', 'v2']) symlinkSync(join(shipped, name), join(model, name));
    mkdirSync(join(model, 'v3'));
    for (const file of readdirSync(join(shipped, 'v2'))) {
      if (file !== 'manifest.json') symlinkSync(join(shipped, 'v2', file), join(model, 'v3', file));
    }
    const manifest = JSON.parse(readFileSync(join(shipped, 'v2/manifest.json'), 'utf8')) as object;
    writeFileSync(join(model, 'v3/manifest.json'), JSON.stringify({ ...manifest, version: 'v3' }));
    this.configure(section);
  }

  /** Writes the section of the model, as in `stable: v1, canary: v2`. */
  configure(section: string): void {
    writeFileSync(join(this.folder, 'serin.config.yaml'), `rollout:\n  sentiment: { ${section} }\n`);
  }

  config(settings: Readonly<Record<string, string>> = {}): SerinConfig {
    const env = {
      MODEL_REGISTRY: join(this.folder, 'registry'),
      STATE_DIR: join(this.folder, 'state'),
      LOG_LEVEL: 'silent',
      ...settings,
    };
    return loadConfig({ cwd: this.folder, env });
  }

  delete(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** The application without AdminModule, listening, with {@link FakePool} in the place of the worker processes. */
export class AppWithoutAdmin {
  private constructor(
    private readonly app: NestExpressApplication,
    readonly pool: FakePool,
    /** What the modules have logged. */
    readonly lines: readonly string[],
    readonly url: string,
  ) {}

  static async start(
    place: Place,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<AppWithoutAdmin> {
    const config = place.config(settings);
    // Node's own metrics are made once, when the module is read; those of the service belong to one application.
    for (const name of Object.values(METRIC)) register.removeSingleMetric(name);
    const lines: string[] = [];
    const say = (line: unknown): void => void lines.push(String(line));
    const logger: LoggerService = { log: say, warn: say, error: say };
    const pool = new FakePool();
    const module = await Test.createTestingModule({
      imports: [
        SerinConfigModule.forRoot(config),
        ObservabilityModule,
        HttpModule.forRoot(createLogger('silent')),
        PredictModule,
        RolloutModule,
      ],
    })
      .setLogger(logger)
      .overrideProvider(PoolExecutor)
      .useValue(pool)
      .overrideProvider(Executor)
      .useValue(pool)
      .overrideProvider(InferencePoolStatus)
      .useValue(pool)
      .overrideProvider(VersionHost)
      .useValue(pool)
      .compile();
    pool.registry = module.get(ModelRegistryService, { strict: false });
    const app = module.createNestApplication<NestExpressApplication>(new JsonAdapter(), {
      logger,
      bodyParser: false,
    });
    await app.init();
    const server: Server = app.getHttpServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new AppWithoutAdmin(app, pool, lines, `http://127.0.0.1:${String(port)}`);
  }

  get<T>(token: Type<T>): T {
    return this.app.get(token, { strict: false });
  }

  state(version: string): string {
    return this.get(ModelRegistryService).status('sentiment', version).state;
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.url}${path}`, init);
  }

  /** The version that answers a text. */
  async predict(text: string): Promise<string> {
    const headers = { 'content-type': 'application/json', 'x-routing-key': text };
    const response = await this.fetch('/predict', {
      method: 'POST',
      headers,
      body: JSON.stringify({ text }),
    });
    if (response.status !== 200) throw new Error(await response.text());
    return ((await response.json()) as { model_version: string }).model_version;
  }

  async stop(): Promise<void> {
    const server: Server = this.app.getHttpServer();
    server.closeAllConnections();
    await this.app.close();
  }
}
