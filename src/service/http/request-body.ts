import { json, raw, type NextFunction, type Request, type RequestHandler } from 'express';
import { AppError } from '../../base/errors/app-error.js';

const UTF8 = /^(?:utf-?8)$/i;
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i;

const BYTE_ORDER_MARK = 0xfeff;

type Headers = NodeJS.Dict<string | string[]>;

const hasBody = (headers: Headers): boolean =>
  headers['transfer-encoding'] !== undefined ||
  (headers['content-length'] !== undefined && headers['content-length'] !== '0');

/** What is wrong with a content type, or null when it is JSON in UTF-8. */
export function contentTypeProblem(header: string | undefined): string | null {
  if (header === 'application/json') return null;
  if (header === undefined) return 'The request has a body and no content-type; send `application/json`.';
  const end = header.indexOf(';');
  const mediaType = (end === -1 ? header : header.slice(0, end)).trim().toLowerCase();
  if (mediaType !== 'application/json') return 'The content-type is not `application/json`.';
  const charset = end === -1 ? undefined : CHARSET.exec(header)?.[1];
  return charset === undefined || UTF8.test(charset) ? null : 'The charset is not UTF-8.';
}

/** Bytes of a body that is sent as it is and says how long; NaN for any other. */
const plainLength = (headers: Headers): number =>
  headers['content-encoding'] === undefined && headers['transfer-encoding'] === undefined
    ? Number(headers['content-length'])
    : NaN;

function parsed(bytes: Buffer): unknown {
  const text = bytes.toString();
  return JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);
}

/**
 * Reads a body whose length is known. When the client goes away in the middle of it nothing follows: nobody waits for
 * an answer, and the request's log line is written when its response closes. A body in pieces takes its own length and
 * no more, however small its sender makes them.
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
    try {
      request.body = bodyOf(whole ?? first ?? Buffer.alloc(0));
    } catch (error) {
      next(new AppError('MALFORMED_JSON', `The body is not valid JSON: ${(error as Error).message}.`));
      return;
    }
    next();
  });
}

/**
 * Reads JSON bodies and nothing else. The limit counts what comes out of decompression, so a bomb is cut off at
 * the size that an honest body may have. Any JSON value is let through: that it must be an object is said by
 * whoever knows the fields. Express' parser reads what is compressed, comes in chunks or is too large; the others, nearly
 * all, need none of what it prepares for each body.
 */
export function jsonBody(maxBodyBytes: number): RequestHandler {
  const parse = json({ limit: maxBodyBytes, strict: false, type: () => true });
  return (request, response, next): void => {
    const { headers } = request;
    const problem = hasBody(headers) ? contentTypeProblem(headers['content-type']) : null;
    if (problem !== null) {
      next(new AppError('UNSUPPORTED_MEDIA_TYPE', problem));
      return;
    }
    const bytes = plainLength(headers);
    if (bytes > 0 && bytes <= maxBodyBytes) readPlain(request, bytes, parsed, next);
    else parse(request, response, next);
  };
}

const asItIs = (content: Buffer): Buffer => content;

/** Reads bodies of any type as bytes; the limit counts as in {@link jsonBody}. No body is one without bytes. */
export function rawBody(maxBodyBytes: number): RequestHandler {
  const read = raw({ limit: maxBodyBytes, type: () => true });
  return (request, response, next): void => {
    const bytes = plainLength(request.headers);
    if (bytes > 0 && bytes <= maxBodyBytes) {
      readPlain(request, bytes, asItIs, next);
      return;
    }
    read(request, response, (error?: unknown) => {
      if (error === undefined && !Buffer.isBuffer(request.body)) request.body = Buffer.alloc(0);
      next(error);
    });
  };
}
