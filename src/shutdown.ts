import { once } from 'node:events';
import type { Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { constants } from 'node:os';
import { setImmediate as afterThePoll, setTimeout as delay } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import type { Logger } from 'pino';
import type { SerinConfig } from './base/config/serin-config.js';
import { SIGNAL_ECHO_MS } from './base/signal-echo.js';
import { Lifecycle } from './service/request/lifecycle.js';
import { settleLog } from './service/observability/logger.js';

type StopSignal = 'SIGTERM' | 'SIGINT';

/**
 * How often unused connections are closed, and how long the first closing waits. A connection between two requests
 * looks idle although a request may be on its way. During the wait a connection in use gets an answer with the header
 * `connection: close`; then idle connections are closed.
 */
const CLOSE_NOTICE_MS = 250;

/**
 * Stops listening and leaves every open connection open, unlike http.Server's own close. It must come before clients
 * are told to close their connections: such a client opens a new connection at once, and connections that wait
 * unaccepted in the queue of a closed socket are reset. Right after the poll phase this queue has just been emptied.
 */
async function stopListening(servers: readonly Server[]): Promise<void> {
  await afterThePoll();
  for (const server of servers) NetServer.prototype.close.call(server);
}

/**
 * Tracks every open connection, because Node closes idle connections but does not count a connection as idle before its
 * first request.
 */
function trackConnections(servers: readonly Server[]): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  for (const server of servers) {
    server.on('connection', (socket: Socket) => {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    });
  }
  return open;
}

function closeUnused(servers: readonly Server[], connections: ReadonlySet<Socket>): void {
  for (const server of servers) server.closeIdleConnections();
  for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
}

/**
 * Shuts down in order: the process is not ready at once, still serves for a while, and then drains. The worker
 * processes end last (onApplicationShutdown).
 */
async function shutDown(
  app: INestApplication,
  servers: readonly Server[],
  signal: StopSignal,
  config: SerinConfig,
  logger: Logger,
  connections: ReadonlySet<Socket>,
): Promise<void> {
  const lifecycle = app.get(Lifecycle);
  const delayMs = signal === 'SIGTERM' ? config.shutdownDelayMs : 0;
  logger.info({ signal, delay_ms: delayMs, grace_ms: config.shutdownGraceMs }, 'leaving');
  lifecycle.leave();
  await delay(delayMs);

  const closed = Promise.all(servers.map((server) => once(server, 'close')));
  await stopListening(servers);
  lifecycle.drain();
  const notice = setInterval(() => {
    closeUnused(servers, connections);
  }, CLOSE_NOTICE_MS);
  const grace = setTimeout(() => {
    logger.warn({ grace_ms: config.shutdownGraceMs }, 'cutting off what has not drained');
    for (const server of servers) server.closeAllConnections();
  }, config.shutdownGraceMs);
  await closed;
  clearInterval(notice);
  clearTimeout(grace);
  await app.close();
  logger.info({ signal }, 'stopped');
  await settleLog(logger);
}

/**
 * Shuts down in order on the first SIGTERM or SIGINT, and at once on the second. Nest's own handlers are not used
 * because they ignore a second signal.
 */
export function handleSignals(
  app: INestApplication,
  servers: readonly Server[],
  config: SerinConfig,
  logger: Logger,
): void {
  const connections = trackConnections(servers);
  let firstAt: number | undefined;
  const onSignal = (signal: StopSignal): void => {
    const now = performance.now();
    if (firstAt !== undefined) {
      if (now - firstAt > SIGNAL_ECHO_MS) process.exit(128 + constants.signals[signal]);
      return;
    }
    firstAt = now;
    shutDown(app, servers, signal, config, logger, connections).then(
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
