import { BadRequestException, ForbiddenException, HttpException, NotFoundException } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/base/errors/app-error.js';
import { ERROR_TABLE, type ErrorCode } from '../../../../src/base/errors/codes.js';
import { problemOf, retryAfterMs, retryAfterSeconds } from '../../../../src/base/errors/problem.js';
import { isAborted, toAppError } from '../../../../src/service/request/to-app-error.js';

/** What body-parser and the router throw. */
const httpError = (status: number, more: object = {}): Error =>
  Object.assign(new Error('inside'), { status, expose: status < 500, statusCode: status }, more);

describe('toAppError', () => {
  it('leaves our own errors as they are', () => {
    const error = new AppError('CONFLICT', 'Read it again.');
    expect(toAppError(error)).toBe(error);
  });

  it.each<[string, unknown, string]>([
    ['broken JSON', httpError(400, { type: 'entity.parse.failed' }), 'MALFORMED_JSON'],
    ['a large body', httpError(413, { type: 'entity.too.large', limit: 10 }), 'BODY_TOO_LARGE'],
    ['an unknown encoding', httpError(415, { type: 'encoding.unsupported' }), 'UNSUPPORTED_MEDIA_TYPE'],
    ['an unknown charset', httpError(415, { type: 'charset.unsupported' }), 'UNSUPPORTED_MEDIA_TYPE'],
    ['a wrong length', httpError(400, { type: 'request.size.invalid' }), 'MALFORMED_JSON'],
    ['a broken gzip stream', httpError(400, { code: 'Z_DATA_ERROR' }), 'MALFORMED_JSON'],
    ['a broken brotli stream', httpError(400, { code: 'ERR__ERROR_FORMAT_PADDING_1' }), 'MALFORMED_JSON'],
    ['a path that is no UTF-8', Object.assign(new URIError('%FF'), { status: 400 }), 'INVALID_REQUEST'],
    [
      'wrapped by the adapter',
      new BadRequestException('x', { cause: httpError(400, { type: 'entity.parse.failed' }) }),
      'MALFORMED_JSON',
    ],
    ['an unknown route', new NotFoundException('Cannot GET /x'), 'NOT_FOUND'],
    ['a guard', new ForbiddenException(), 'FORBIDDEN'],
    ['an odd status', new HttpException('teapot', 418), 'INVALID_REQUEST'],
    ['a 5xx of a library', httpError(500), 'INTERNAL'],
    ['a 502 exception', new HttpException('secret', 502), 'INTERNAL'],
    ['a bug', new TypeError('secret'), 'INTERNAL'],
    ['a string', 'secret', 'INTERNAL'],
    ['nothing', undefined, 'INTERNAL'],
  ])('translates %s', (_, thrown, code) => {
    const error = toAppError(thrown);
    expect(error.code).toBe(code);
    expect(error.message).not.toMatch(/secret/);
    if (code === 'INTERNAL') expect(error.cause).toBe(thrown);
  });

  it('knows a client that has gone, wrapped or not', () => {
    const aborted = httpError(400, { type: 'request.aborted' });
    expect([aborted, new BadRequestException('x', { cause: aborted })].map(isAborted)).toEqual([true, true]);
    expect([httpError(400), new Error('x'), null].map(isAborted)).toEqual([false, false, false]);
  });
});

describe('problemOf', () => {
  it('has what RFC 9457 and the interface ask for, and nothing that does not apply', () => {
    expect(problemOf(new AppError('NOT_FOUND', 'No.'), 'id-1')).toEqual({
      type: 'urn:serin:error:not_found',
      title: 'Not found',
      status: 404,
      detail: 'No.',
      code: 'NOT_FOUND',
      request_id: 'id-1',
    });
  });

  it('names the fields, and how long to wait', () => {
    const errors = [{ field: 'text', message: 'must be a string' }];
    expect(problemOf(new AppError('INVALID_REQUEST', 'x', { errors }), 'a')).toMatchObject({ errors });
    expect(problemOf(new AppError('OVERLOADED', 'x', { retryAfterMs: 12.3 }), 'a').retry_after_ms).toBe(13);
    expect(problemOf(new AppError('OVERLOADED', 'x'), 'a').retry_after_ms).toBe(1000);
    expect(problemOf(new AppError('INTERNAL', 'x'), 'a')).not.toHaveProperty('retry_after_ms');
  });

  it('names a wait for every error that another attempt can change, but for a client that was too slow', () => {
    const codes = Object.keys(ERROR_TABLE) as ErrorCode[];
    const waiting = codes.filter((code) => retryAfterMs(new AppError(code, 'x')) !== undefined);
    const statuses = new Set(waiting.map((code) => ERROR_TABLE[code].status));
    expect([...statuses].sort()).toEqual([429, 503, 504]);
    expect(waiting).toEqual(codes.filter((code) => statuses.has(ERROR_TABLE[code].status)));
  });

  it('rounds the waiting time up to whole seconds, at least one', () => {
    expect([0, 1, 1000, 1001, 2500].map(retryAfterSeconds)).toEqual([1, 1, 1, 2, 3]);
  });
});
