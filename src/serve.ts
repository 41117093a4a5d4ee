import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { surviveBrokenPipes } from './base/broken-pipes.js';
import type { SerinConfig } from './base/config/serin-config.js';
import { StartError } from './base/errors/start-error.js';
import { fileProblem } from './base/files/write-error.js';
import { GoldenReplay } from './service/health/golden-replay.js';
import { Readiness } from './service/health/readiness.js';
import { JsonAdapter } from './service/http/json-adapter.js';
import { serveDocument } from './service/http/openapi.js';
import { createLogger, NestLogger } from './service/observability/logger.js';
import { handleSignals } from './shutdown.js';

/** An uncaught error may leave any state inconsistent: log it and end, so that the supervisor starts a new process. */
function endOnUncaught(logger: Logger): void {
  process.on('uncaughtException', (error: unknown) => {
    logger.fatal({ stack: error instanceof Error ? error.stack : String(error) }, 'uncaught');
    process.exit(70);
  });
}

/**
 * Limits the growth of the heap. By default V8 lets the heap of a busy process grow to several times its live data
 * before it collects: a full cache of default size took 300 MB for 150 MB of data. With a limit of twice the live data
 * it stays below 200 MB (docs/benchmarks.md, memory of the cache).
 */
const HEAP_GROWING_PERCENT = 100;

/** How often the start checks whether the models are loaded; only the "ready" line waits for that. */
const READY_CHECK_MS = 10;

/** Advice for an operator whose port cannot be opened. */
const LISTEN_HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is taken; stop what listens there or set PORT to a free one',
  EACCES: 'this user may not; set PORT to one above 1023',
  EADDRNOTAVAIL: 'this machine has no such address; set HOST to one that it has',
  ENOTFOUND: 'the name is not known; set HOST to an address of this machine',
};

interface Address {
  readonly host: string;
  readonly port: number;
  /** The setting with the port. */
  readonly setting: 'PORT' | 'ADMIN_PORT';
}

function listen(server: Server, { host, port, setting }: Address): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const hint = LISTEN_HINTS[error.code ?? '']?.replace('PORT', setting) ?? error.message;
      reject(new StartError(`Cannot listen on ${host}, port ${port}: ${hint}.`));
    });
    server.listen(port, host, () => {
      const { address, family, port: actual } = server.address() as AddressInfo;
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`);
    });
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(READY_CHECK_MS, undefined, { ref: false });
}

/**
 * Logs the "ready" line. It replays the golden texts as soon as the default model can answer, so that the first health
 * check finds a result.
 */
async function announceReady(app: NestExpressApplication, logger: Logger): Promise<void> {
  const readiness = app.get(Readiness);
  const golden = app.get(GoldenReplay);
  await golden.prepare();
  await until(() => readiness.problem() === null);
  await golden.result();
  await until(() => readiness.isSettled());
  const versions = readiness
    .configured()
    .map(({ model, name, state, role }) => ({ model, version: name, state, role }));
  logger.info({ start_ms: Math.round(process.uptime() * 1000), versions }, 'ready');
}

/**
 * Starts the service and returns once it listens; the models are loaded in the background.
 * @throws StartError with a sentence for the operator
 */
export async function startService(config: SerinConfig): Promise<NestExpressApplication> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  surviveBrokenPipes();
  const logger = createLogger(config.logLevel);
  endOnUncaught(logger);
  const adapter = new JsonAdapter();
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config, logger), adapter, {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  adapter.onRoutesRegistered(() => {
    serveDocument(app);
  });
  await app.init();
  const { host, port, adminPort } = config;
  const server: Server = app.getHttpServer();
  const servers = adminPort === null ? [server] : [server, adapter.adminServer];
  handleSignals(app, servers, config, logger);
  // The port for clients comes last: a process that cannot open both has answered no client.
  const adminUrl =
    adminPort === null
      ? undefined
      : await listen(adapter.adminServer, { host, port: adminPort, setting: 'ADMIN_PORT' });
  const url = await listen(server, { host, port, setting: 'PORT' });
  logger.info({ url, admin_url: adminUrl, pid: process.pid }, 'listening');
  void announceReady(app, logger);
  return app;
}

/**
 * Starts the service. A failed start writes its reason to stderr and ends the process with 2, or with 70 for a fault of
 * the service.
 */
export async function runService(config: SerinConfig): Promise<void> {
  try {
    await startService(config);
  } catch (error) {
    const problem = error instanceof StartError ? error.message : fileProblem(error);
    const sentence =
      problem ??
      `a fault of ours: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    process.stderr.write(`serin: ${sentence}\n`);
    process.exit(problem === null ? 70 : 2);
  }
}
