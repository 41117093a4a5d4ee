import type { Server } from 'node:http';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import type { Logger } from 'pino';
import type { SerinConfig } from './config/serin-config.js';
import { Lifecycle } from './observability/lifecycle.js';

type StopSignal = 'SIGTERM' | 'SIGINT';

/**
 * A connection between two requests looks idle, and a request may be on its way on it. For this long those that
 * are in use get an answer with `connection: close` before what is idle then is closed.
 */
const CLOSE_NOTICE_MS = 250;
const CLOSE_NOTICE_STEP_MS = 10;

const openConnections = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.getConnections((error, count) => {
      resolve(error === null ? count : 0);
    });
  });

async function untilClosedOrNoticed(server: Server): Promise<void> {
  const until = performance.now() + CLOSE_NOTICE_MS;
  while (performance.now() < until && (await openConnections(server)) > 0) await delay(CLOSE_NOTICE_STEP_MS);
}

/** Not ready at once, served for a while, then drained; the worker processes end last (onApplicationShutdown). */
async function shutDown(
  app: INestApplication,
  signal: StopSignal,
  config: SerinConfig,
  logger: Logger,
): Promise<void> {
  const lifecycle = app.get(Lifecycle);
  const server = app.getHttpServer() as Server;
  const delayMs = signal === 'SIGTERM' ? config.shutdownDelayMs : 0;
  logger.info({ signal, delay_ms: delayMs, grace_ms: config.shutdownGraceMs }, 'leaving');
  lifecycle.leave();
  await delay(delayMs);

  lifecycle.drain();
  const grace = setTimeout(() => {
    logger.warn({ grace_ms: config.shutdownGraceMs }, 'cutting off what has not drained');
    server.closeAllConnections();
  }, config.shutdownGraceMs);
  await untilClosedOrNoticed(server);
  await app.close();
  clearTimeout(grace);
  logger.info({ signal }, 'stopped');
}

/**
 * Shuts down in order on the first SIGTERM or SIGINT, and at once on the second. The handlers are ours because
 * Nest's ignore a second signal.
 */
export function handleSignals(app: INestApplication, config: SerinConfig, logger: Logger): void {
  let stopping = false;
  const onSignal = (signal: StopSignal): void => {
    if (stopping) process.exit(128 + constants.signals[signal]);
    stopping = true;
    shutDown(app, signal, config, logger).then(
      () => process.exit(0),
      (error: unknown) => {
        logger.fatal({ stack: error instanceof Error ? error.stack : String(error) }, 'shutdown failed');
        process.exit(70);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
