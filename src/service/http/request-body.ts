import { isUtf8 } from 'node:buffer';
import { raw, type NextFunction, type Request, type RequestHandler } from 'express';
import { AppError } from '../../base/errors/app-error.js';
import { inOwnTurn } from '../../base/long-steps.js';
import { inBusyTurn } from '../../base/short-steps.js';

const UTF8 = /^(?:utf-?8)$/i;
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i;

const BYTE_ORDER_MARK = 0xfeff;

/** From this size on a body is parsed in a turn of its own: a megabyte of JSON takes 2 to 10 ms. */
const LONG_BODY_BYTES = 16_384;

type Headers = NodeJS.Dict<string | string[]>;

const hasBody = (headers: Headers): boolean =>
  headers['transfer-encoding'] !== undefined ||
  (headers['content-length'] !== undefined && headers['content-length'] !== '0');

/** The problem of a content type; null when it is JSON in UTF-8. */
export function contentTypeProblem(header: string | undefined): string | null {
  if (header === 'application/json') return null;
  if (header === undefined) return 'The request has a body and no content-type; send `application/json`.';
  const end = header.indexOf(';');
  const mediaType = (end === -1 ? header : header.slice(0, end)).trim().toLowerCase();
  if (mediaType !== 'application/json') return 'The content-type is not `application/json`.';
  const charset = end === -1 ? undefined : CHARSET.exec(header)?.[1];
  return charset === undefined || UTF8.test(charset) ? null : 'The charset is not UTF-8.';
}

/** Length in bytes of a body that is sent uncompressed with a content-length; NaN for any other body. */
const plainLength = (headers: Headers): number =>
  headers['content-encoding'] === undefined && headers['transfer-encoding'] === undefined
    ? Number(headers['content-length'])
    : NaN;

/**
 * A body without content is an object without fields.
 * @throws AppError when it is not UTF-8; SyntaxError when it is not JSON
 */
function parsed(bytes: Buffer): unknown {
  if (bytes.length === 0) return {};
  // Decoding would put U+FFFD in the place of each byte that is not UTF-8: the answer would be about another text.
  if (!isUtf8(bytes)) throw new AppError('MALFORMED_JSON', 'The body is not UTF-8.');
  const text = bytes.toString();
  return JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);
}

/** Gives a body that is complete to the next step. */
function finish(
  request: Request,
  content: Buffer,
  bodyOf: (content: Buffer) => unknown,
  next: NextFunction,
): void {
  const step = (): void => {
    try {
      request.body = bodyOf(content);
    } catch (error) {
      next(
        error instanceof AppError
          ? error
          : new AppError('MALFORMED_JSON', `The body is not valid JSON: ${(error as Error).message}.`),
      );
      return;
    }
    next();
  };
  if (content.length < LONG_BODY_BYTES) inBusyTurn(step);
  else inOwnTurn(step);
}

/**
 * Reads a body of known length. When the client disconnects during the body, nothing follows: no client waits for an
 * answer, and the log line is written when the response closes. The memory used is the body's length, however small the
 * chunks are.
 */
function readPlain(
  request: Request,
  bytes: number,
  bodyOf: (content: Buffer) => unknown,
  next: NextFunction,
): void {
  let first: Buffer | undefined;
  let whole: Buffer | undefined;
  let filled = 0;
  request.on('data', (chunk: Buffer) => {
    if (first === undefined) first = chunk;
    else {
      if (whole === undefined) {
        whole = Buffer.allocUnsafe(bytes);
        first.copy(whole);
      }
      chunk.copy(whole, filled);
    }
    filled += chunk.length;
  });
  request.on('end', () => {
    finish(request, whole ?? first ?? Buffer.alloc(0), bodyOf, next);
  });
}

/**
 * Express reads bodies that are compressed, chunked or too large. Nearly all other bodies need none of its preparations
 * and are read directly. The limit applies after decompression, so a compressed bomb is cut off at the size of the
 * largest allowed body.
 * @param withoutBody the body of a request that has none
 */
function bodyReader(
  maxBodyBytes: number,
  bodyOf: (content: Buffer) => unknown,
  withoutBody: () => unknown,
): RequestHandler {
  const read = raw({ limit: maxBodyBytes, type: () => true });
  return (request, response, next): void => {
    const bytes = plainLength(request.headers);
    if (bytes > 0 && bytes <= maxBodyBytes) {
      readPlain(request, bytes, bodyOf, next);
      return;
    }
    read(request, response, (error?: unknown) => {
      const content: unknown = request.body;
      if (error === undefined && Buffer.isBuffer(content)) {
        finish(request, content, bodyOf, next);
        return;
      }
      if (error === undefined) request.body = withoutBody();
      next(error);
    });
  };
}

/** Reads JSON bodies only. Every JSON value passes; the code that knows the fields rejects values that are not objects. */
export function jsonBody(maxBodyBytes: number): RequestHandler {
  const read = bodyReader(maxBodyBytes, parsed, () => undefined);
  return (request, response, next): void => {
    const { headers } = request;
    const problem = hasBody(headers) ? contentTypeProblem(headers['content-type']) : null;
    if (problem === null) void read(request, response, next);
    else next(new AppError('UNSUPPORTED_MEDIA_TYPE', problem));
  };
}

const asItIs = (content: Buffer): Buffer => content;

/** Reads bodies of any type as bytes, with the limit of {@link jsonBody}. A missing body becomes an empty one. */
export const rawBody = (maxBodyBytes: number): RequestHandler =>
  bodyReader(maxBodyBytes, asItIs, () => Buffer.alloc(0));
