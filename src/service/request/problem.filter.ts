import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import { AppError } from '../../base/errors/app-error.js';
import { retryAfterMs, retryAfterSeconds } from '../../base/errors/problem.js';
import { JSON_TYPE, problemReply, shapeOf } from './reply.js';
import { contextOf } from './request-context.js';
import { isAborted, toAppError } from './to-app-error.js';

/** Stores the error of an answer on the response, for the request log. */
export function recordFailure(response: Response, error: AppError): void {
  response.locals.failure = error;
}

/** Sets `retry-after` where the error is worth a retry. */
export function setRetryAfter(response: Response, error: AppError): void {
  const waitMs = retryAfterMs(error);
  if (waitMs !== undefined) response.setHeader('retry-after', retryAfterSeconds(waitMs));
}

/**
 * Records the error and answers it in the shape of the request's wire format. When an answer has already begun, its
 * connection is cut instead, so that the client does not take half an answer for a complete one.
 */
export function answerProblem(error: AppError, response: Response): void {
  recordFailure(response, error);
  if (response.destroyed) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  setRetryAfter(response, error);
  if (error.status === 401) response.setHeader('www-authenticate', 'Bearer');
  const stamp = {
    requestId: String(response.locals.requestId),
    latencyMs: contextOf(response)?.elapsedMs() ?? 0,
  };
  const { status, headers, body } = problemReply(error, shapeOf(response), stamp, (cause) => {
    const fault = toAppError(cause);
    recordFailure(response, fault);
    return fault;
  });
  response.statusCode = status;
  response.setHeader('content-type', JSON_TYPE);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
}

/** The error of an answer; undefined for a success. */
export function failureOf(response: { readonly locals: Record<string, unknown> }): AppError | undefined {
  const failure = response.locals.failure;
  return failure instanceof AppError ? failure : undefined;
}

/** The only place where errors become answers, including the errors of Express' body parser and router. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    if (isAborted(exception)) response.destroy();
    else answerProblem(toAppError(exception), response);
  }
}
