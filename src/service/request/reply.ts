import type { AppError } from '../../base/errors/app-error.js';
import { problemOf } from '../../base/errors/problem.js';

/** The headers of most replies, which set none. Code recognises such replies by this object's identity. */
export const NO_HEADERS: Readonly<Record<string, string>> = {};

export const JSON_TYPE = 'application/json; charset=utf-8';
const PROBLEM_TYPE = { 'content-type': 'application/problem+json; charset=utf-8' };

/** A complete answer. */
export class Reply {
  /**
   * @param body an object is written as JSON, a Buffer as its bytes
   * @param headers names in lower case; without `content-type` the body is JSON in UTF-8
   * @param failure what log and metrics say of the request; null for a success
   */
  constructor(
    readonly status: number,
    readonly body: object,
    readonly headers: Readonly<Record<string, string>> = NO_HEADERS,
    readonly failure: AppError | null = null,
  ) {}
}

/** The data about a request that its answer may contain. */
export interface Stamp {
  readonly requestId: string;
  /** Milliseconds from arrival to now. */
  readonly latencyMs: number;
}

/** Writes failures in one wire format. */
export interface ProblemShape {
  problem(error: AppError, stamp: Stamp): Reply;
}

/** The service's own shape: RFC 9457. */
export const PROBLEM_JSON: ProblemShape = {
  problem: (error, { requestId }) => new Reply(error.status, problemOf(error, requestId), PROBLEM_TYPE),
};

const SHAPE = Symbol('problem shape');

interface WithShape {
  [SHAPE]?: ProblemShape;
}

/** Sets the shape of failures for the request of a response. */
export function attachShape(response: object, shape: ProblemShape): void {
  (response as WithShape)[SHAPE] = shape;
}

/** The attached shape; the service's own shape when none is attached. */
export function shapeOf(response: object): ProblemShape {
  return (response as WithShape)[SHAPE] ?? PROBLEM_JSON;
}

/**
 * Converts an error into a reply. When the shape itself throws, the reply reports that fault in the service's own
 * shape.
 */
export function problemReply(
  error: AppError,
  shape: ProblemShape,
  stamp: Stamp,
  onFault: (cause: unknown) => AppError,
): Reply {
  try {
    return shape.problem(error, stamp);
  } catch (cause) {
    return PROBLEM_JSON.problem(onFault(cause), stamp);
  }
}
