import { json, type RequestHandler } from 'express';
import { AppError } from '../errors/app-error.js';

const UTF8 = /^(?:utf-?8)$/i;
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i;

const hasBody = (headers: NodeJS.Dict<string | string[]>): boolean =>
  headers['transfer-encoding'] !== undefined ||
  (headers['content-length'] !== undefined && headers['content-length'] !== '0');

/** What is wrong with a content type, or null when it is JSON in UTF-8. */
export function contentTypeProblem(header: string | undefined): string | null {
  if (header === undefined) return 'The request has a body and no content-type; send `application/json`.';
  const end = header.indexOf(';');
  const mediaType = (end === -1 ? header : header.slice(0, end)).trim().toLowerCase();
  if (mediaType !== 'application/json') return 'The content-type is not `application/json`.';
  const charset = end === -1 ? undefined : CHARSET.exec(header)?.[1];
  return charset === undefined || UTF8.test(charset) ? null : 'The charset is not UTF-8.';
}

/**
 * Reads JSON bodies and nothing else. The limit counts what comes out of decompression, so a bomb is cut off at
 * the size that an honest body may have. Any JSON value is let through: that it must be an object is said by
 * whoever knows the fields.
 */
export function jsonBody(maxBodyBytes: number): RequestHandler {
  const parse = json({ limit: maxBodyBytes, strict: false, type: () => true });
  return (request, response, next): void => {
    const problem = hasBody(request.headers) ? contentTypeProblem(request.headers['content-type']) : null;
    if (problem !== null) {
      next(new AppError('UNSUPPORTED_MEDIA_TYPE', problem));
      return;
    }
    parse(request, response, next);
  };
}
