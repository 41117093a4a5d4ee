import { StreamableFile } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Response } from 'express';
import { Reply } from '../request/reply.js';
import { writeJson, writeReply } from './write-reply.js';

const isPlainJson = (body: unknown): body is object =>
  typeof body === 'object' && body !== null && !(body instanceof StreamableFile) && !(body instanceof Error);

/**
 * Nest over Express, with a shorter way for what handlers answer: JSON without Express' look at content types, ETags and
 * conditional requests, none of which this service uses, and which together cost more than the look-up of a cache hit.
 */
export class JsonAdapter extends ExpressAdapter {
  private addLastRoutes: () => void = () => undefined;

  /**
   * Routes that no controller has. They are added after the middlewares, which must see their requests, and before the
   * handler of unknown paths, which would take them.
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
