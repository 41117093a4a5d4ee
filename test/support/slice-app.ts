import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { pino, stdTimeFunctions } from 'pino';
import { register } from 'prom-client';
import { vi } from 'vitest';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/base/config/load-config.js';
import { GoldenReplay } from '../../src/service/health/golden-replay.js';
import { Readiness } from '../../src/service/health/readiness.js';
import { JsonAdapter } from '../../src/service/http/json-adapter.js';
import { serveDocument } from '../../src/service/http/openapi.js';
import { PoolExecutor } from '../../src/service/inference/pool-executor.js';
import { METRIC } from '../../src/service/observability/metric-table.js';
import { NestLogger, type LineLogger, type LogLevel } from '../../src/service/observability/logger.js';
import type { Pipeline } from '../../src/service/pipelines/pipeline.js';
import { Pipelines } from '../../src/service/pipelines/pipelines.js';
import { FakeExecutor } from './fake-executor.js';
import { ROOT } from './repository.js';
import { ServiceUnderTest, type Settings } from './service-under-test.js';

export type { LogLine, Settings } from './service-under-test.js';

/** A rollout that one test leaves behind must not decide about the traffic of the next. */
const STATE = mkdtempSync(join(tmpdir(), 'serin-slice-'));
let apps = 0;

/** Nest keeps one logger for the process: a line of `new Logger('Name')` is given to every application that runs. */
const running = new Set<SliceApp>();

process.on('exit', () => {
  rmSync(STATE, { recursive: true, force: true });
});

/** Writes what the service's own logger writes, to the test instead of stdout. */
function loggerTo(receive: (line: string) => void, level: string): LineLogger {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: receive },
  );
  return Object.assign(logger, {
    line: (lineLevel: LogLevel, members: Readonly<Record<string, unknown>>): void => {
      logger[lineLevel](members);
    },
  });
}

const urlOf = (server: Server): string =>
  `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

/**
 * The whole application in this process, listening on a free port, with a fake in the place of the worker pool and
 * nothing else: no process, no model. The metrics are those of the application that was started last.
 */
export class SliceApp extends ServiceUnderTest {
  /** The second port; empty without ADMIN_PORT. */
  adminUrl = '';
  private app: NestExpressApplication | undefined;
  private adminServer: Server | undefined;

  /** Makes the application as src/serve.ts does, and waits until it listens. */
  static async listen(
    settings: Settings = {},
    executor: Type<FakeExecutor> = FakeExecutor,
    pipelines: readonly Pipeline[] = [],
  ): Promise<SliceApp> {
    const slice = new SliceApp();
    const config = loadConfig({
      cwd: ROOT,
      env: {
        PORT: '0',
        WORKERS: '1',
        SPARE_WORKERS: '0',
        STATE_DIR: join(STATE, String(++apps)),
        ...settings,
      },
    });
    running.add(slice);
    const logger = loggerTo((line) => {
      slice.receive(line);
    }, config.logLevel);
    const nestLogger = new NestLogger(
      loggerTo((line) => {
        for (const each of running) each.receive(line);
      }, config.logLevel),
    );
    // Node's own metrics are made once, when the module is read; those of the service belong to one application.
    for (const name of Object.values(METRIC)) register.removeSingleMetric(name);
    const module = await Test.createTestingModule({ imports: [AppModule.forRoot(config, logger)] })
      .overrideProvider(PoolExecutor)
      .useClass(executor)
      .setLogger(nestLogger)
      .compile();
    // As if they had added themselves in their constructors: before any version is loaded.
    for (const pipeline of pipelines) module.get(Pipelines).add(pipeline);
    const adapter = new JsonAdapter();
    const app = module.createNestApplication<NestExpressApplication>(adapter, {
      logger: nestLogger,
      bodyParser: false,
      abortOnError: false,
    });
    slice.app = app;
    adapter.onRoutesRegistered(() => {
      serveDocument(app);
    });
    await app.init();
    const server: Server = app.getHttpServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    slice.url = urlOf(server);
    if (config.adminPort !== null) {
      const { adminServer } = adapter;
      await new Promise<void>((resolve) => adminServer.listen(0, '127.0.0.1', resolve));
      slice.adminServer = adminServer;
      slice.adminUrl = urlOf(adminServer);
    }
    return slice;
  }

  /** The same, once every configured version is loaded. */
  static async start(settings: Settings = {}, pipelines: readonly Pipeline[] = []): Promise<SliceApp> {
    const slice = await SliceApp.listen(settings, FakeExecutor, pipelines);
    const readiness = slice.get(Readiness);
    await vi.waitUntil(() => readiness.problem() === null && readiness.isSettled(), {
      timeout: 20_000,
      interval: 2,
    });
    await slice.get(GoldenReplay).result();
    return slice;
  }

  get<T>(token: Type<T> | (abstract new (...args: never[]) => T)): T {
    if (this.app === undefined) throw new Error('it has not been started');
    return this.app.get<T>(token);
  }

  /** What stands in the place of the worker pool. */
  get executor(): FakeExecutor {
    return this.get(PoolExecutor) as unknown as FakeExecutor;
  }

  /** Ends the application, with all connections that are still open. */
  async stop(): Promise<void> {
    const server: Server | undefined = this.app?.getHttpServer();
    server?.closeAllConnections();
    this.adminServer?.closeAllConnections();
    this.adminServer?.close();
    await this.app?.close();
    running.delete(this);
    this.logEnded('it was stopped');
  }
}
