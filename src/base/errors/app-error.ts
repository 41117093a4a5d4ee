import { ERROR_TABLE, type ErrorCode } from './codes.js';

/** One offending field of a request, e.g. `{field: 'texts.3', message: 'texts.3 must be a string'}`. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export interface AppErrorOptions {
  readonly errors?: readonly FieldError[];
  /** Milliseconds after which a retry makes sense; becomes `retry-after` and `retry_after_ms`. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The only error class that may reach a client: a code of the table and a sentence safe to show. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    const { stackTraceLimit } = Error;
    // The trace of an error that is the client's is shown nowhere, and reading the stack is a part of each refusal's cost.
    if (ERROR_TABLE[code].logLevel !== 'error') Error.stackTraceLimit = 0;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.errors = options.errors;
    this.retryAfterMs = options.retryAfterMs;
  }

  get status(): number {
    return ERROR_TABLE[this.code].status;
  }
}

/** One offending field. @param rule what is wrong or allowed, behind the name of the field: `must be a string` */
export const fieldError = (field: string, rule: string): FieldError => ({
  field,
  message: `${field} ${rule}`,
});

/** The error of a request with one offending field. @param rule as for {@link fieldError} */
export function badField(field: string, rule: string, code: ErrorCode = 'INVALID_REQUEST'): AppError {
  const error = fieldError(field, rule);
  return new AppError(code, `${error.message}.`, { errors: [error] });
}
