import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { AppError } from '../../../base/errors/app-error.js';
import { bearerToken } from './bearer.js';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Guards every path under /admin, whether it has a route or not, so that a client without the token cannot learn which
 * routes exist. Without a configured token there is no /admin. It compares digests in constant time: digests have equal
 * length, whatever was sent.
 */
export function adminGuard(adminToken: string | null): RequestHandler {
  const expected = adminToken === null ? null : sha256(adminToken);
  return (request, _response, next): void => {
    if (expected === null) {
      next(new AppError('NOT_FOUND', 'There is no such route; GET /docs lists them.'));
      return;
    }
    const token = bearerToken(request.headers.authorization);
    if (token !== undefined && timingSafeEqual(sha256(token), expected)) {
      next();
      return;
    }
    next(new AppError('UNAUTHENTICATED', 'Send the admin token as `Authorization: Bearer <token>`.'));
  };
}
