import { HttpException } from '@nestjs/common';
import { AppError } from '../../base/errors/app-error.js';
import type { ErrorCode } from '../../base/errors/codes.js';

/** The errors of body-parser, the router and http-errors; a status below 500 means a client's mistake. */
interface HttpError {
  readonly status: number;
  readonly type?: string;
  readonly code?: string;
  readonly message: string;
  readonly limit?: number;
}

const CODE_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  409: 'CONFLICT',
  413: 'BODY_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMITED',
  503: 'NOT_READY',
  504: 'DEADLINE_EXCEEDED',
};

const isHttpError = (value: unknown): value is HttpError =>
  value instanceof Error && 'status' in value && typeof value.status === 'number';

/**
 * Converts an error of body-parser, which names its kind in `type`; a broken compressed stream has a zlib code instead.
 */
function fromBodyParser(error: HttpError): AppError | null {
  switch (error.type ?? '') {
    case 'entity.parse.failed':
      return new AppError('MALFORMED_JSON', `The body is not valid JSON: ${error.message}.`);
    case 'entity.too.large':
      return new AppError(
        'BODY_TOO_LARGE',
        `The body is larger than the ${error.limit ?? ''} bytes that are allowed, counted after decompression.`,
      );
    case 'encoding.unsupported':
      return new AppError(
        'UNSUPPORTED_MEDIA_TYPE',
        'This content-encoding is not supported; send gzip, deflate, br, or none.',
      );
    case 'charset.unsupported':
      return new AppError('UNSUPPORTED_MEDIA_TYPE', 'This charset is not supported; send UTF-8.');
    case 'request.size.invalid':
      return new AppError('MALFORMED_JSON', 'The body is not as long as its content-length says.');
    default:
      return error.status === 400 && /^(Z_|ERR_)/.test(error.code ?? '')
        ? new AppError('MALFORMED_JSON', 'The body cannot be decompressed as its content-encoding says.')
        : null;
  }
}

function fromHttpError(error: HttpError): AppError | null {
  if (error.status >= 500) return null;
  if (error instanceof URIError) {
    return new AppError(
      'INVALID_REQUEST',
      'The path contains a percent sign that encodes no UTF-8 character.',
    );
  }
  return (
    fromBodyParser(error) ?? new AppError(CODE_BY_STATUS[error.status] ?? 'INVALID_REQUEST', error.message)
  );
}

function fromHttpException(error: HttpException): AppError | null {
  const status = error.getStatus();
  const code = CODE_BY_STATUS[status];
  if (status >= 500 && code === undefined) return null;
  if (code === 'NOT_FOUND') return new AppError(code, 'There is no such route; GET /docs lists them.');
  return new AppError(code ?? 'INVALID_REQUEST', error.message, { cause: error });
}

/** Unwraps an error of Express: Nest's adapter wraps it in an HttpException without its type. */
const originalOf = (thrown: unknown): unknown =>
  thrown instanceof HttpException && isHttpError(thrown.cause) ? thrown.cause : thrown;

/** Whether the client disconnected during its body; then there is no client to answer. */
export function isAborted(thrown: unknown): boolean {
  const original = originalOf(thrown);
  return isHttpError(original) && original.type === 'request.aborted';
}

/**
 * Converts any thrown value into an AppError. AppErrors stay unchanged; errors of Nest, Express and body-parser are
 * translated. Everything else becomes INTERNAL: the client gets no details, and the original is kept as the cause for
 * the log.
 */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const original = originalOf(thrown);
  const known =
    original instanceof HttpException
      ? fromHttpException(original)
      : isHttpError(original)
        ? fromHttpError(original)
        : null;
  return (
    known ??
    new AppError('INTERNAL', 'Something went wrong on our side; the log tells more under this request id.', {
      cause: thrown,
    })
  );
}
