import type { Server } from 'node:http';
import type { LoggerService } from '@nestjs/common';
import { connectionsWithin, openFilesLimit, openFilesWarning } from '../../base/machine/open-files.js';
import { saySeldom } from '../../base/say-seldom.js';

/** Receives one call for each connection that was closed unserved. */
export interface RefusalCounter {
  connectionRefused(): void;
}

/**
 * Closes connections beyond those for which this process may open files. Without such a limit of our own, the last file
 * goes to a connection: Node.js then closes further ones without telling anybody, and no worker process can be started.
 * @param processes worker processes, spares included
 */
export function limitConnections(
  server: Server,
  processes: number,
  counter: RefusalCounter,
  logger: Pick<LoggerService, 'warn'>,
): void {
  const limit = openFilesLimit();
  const most = limit === null ? null : connectionsWithin(limit, processes);
  const warning = openFilesWarning(limit, most ?? Infinity);
  if (warning !== null) logger.warn(warning);

  let refused = 0;
  const say = saySeldom((sentence) => {
    logger.warn(sentence);
  });
  const refuse = (why: string): void => {
    refused++;
    counter.connectionRefused();
    say(() => `${String(refused)} connections were closed unserved since the start: ${why}`);
  };
  if (most !== null) {
    server.maxConnections = most;
    server.on('drop', () => {
      refuse(
        `${String(most)} are open, and the limit of open files (${String(limit)}) leaves room for no more. Raise it, or add replicas.`,
      );
    });
  }
  // Before the port is open, whoever opens it sees the error.
  server.on('error', (error) => {
    if (server.listening) refuse(error.message);
  });
}
