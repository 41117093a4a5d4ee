import { StreamableFile } from '@nestjs/common';
import type { Server } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express, Response } from 'express';
import { Reply } from '../request/reply.js';
import { createExpressServer } from './express-server.js';
import { markAdminPort } from './operator-routes.js';
import { writeJson, writeReply } from './write-reply.js';

const isPlainJson = (body: unknown): body is object =>
  typeof body === 'object' && body !== null && !(body instanceof StreamableFile) && !(body instanceof Error);

/**
 * Nest's Express adapter with a faster path for handlers' answers: it writes JSON without Express' content-type checks,
 * ETags and conditional requests. This service uses none of them, and together they cost more than the look-up of a
 * cache hit.
 */
export class JsonAdapter extends ExpressAdapter {
  private secondServer: Server | undefined;
  private addLastRoutes: () => void = () => undefined;

  override initHttpServer(): void {
    this.httpServer = createExpressServer(this.getInstance<Express>());
  }

  /** The server for ADMIN_PORT, with the same application. It is created at the first use and does not listen by itself. */
  get adminServer(): Server {
    this.secondServer ??= createExpressServer(this.getInstance<Express>(), markAdminPort);
    return this.secondServer;
  }

  /**
   * Adds routes that no controller has. They are added after the middlewares, which must see their requests, and before
   * the handler for unknown paths, which would otherwise answer them.
   */
  onRoutesRegistered(add: () => void): void {
    this.addLastRoutes = add;
  }

  override setNotFoundHandler(...args: Parameters<ExpressAdapter['setNotFoundHandler']>): void {
    this.addLastRoutes();
    super.setNotFoundHandler(...args);
  }

  override reply(response: Response, body: unknown, statusCode?: number): unknown {
    if (body instanceof Reply) return writeReply(response, body);
    if (!isPlainJson(body)) return super.reply(response, body, statusCode);
    return writeJson(response, statusCode ?? response.statusCode, body);
  }
}
