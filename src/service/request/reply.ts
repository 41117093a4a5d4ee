import type { AppError } from '../../base/errors/app-error.js';
import { problemOf } from '../../base/errors/problem.js';

/** The headers of a reply that has none of its own, which most replies are: they are recognised by it. */
export const NO_HEADERS: Readonly<Record<string, string>> = {};

export const JSON_TYPE = 'application/json; charset=utf-8';
const PROBLEM_TYPE = { 'content-type': 'application/problem+json; charset=utf-8' };

/** An answer, ready to be written. */
export class Reply {
  /**
   * @param body an object is written as JSON, bytes as they are
   * @param headers names in lower case; without `content-type` it is JSON in UTF-8
   */
  constructor(
    readonly status: number,
    readonly body: object,
    readonly headers: Readonly<Record<string, string>> = NO_HEADERS,
  ) {}
}

/** What answers may say about their request. */
export interface Stamp {
  readonly requestId: string;
  /** Milliseconds from arrival to now. */
  readonly latencyMs: number;
}

/** How a wire format says that a request has failed. */
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

/** Says in which shape failures of the request are told that a response answers. */
export function attachShape(response: object, shape: ProblemShape): void {
  (response as WithShape)[SHAPE] = shape;
}

/** The service's own shape where none was attached. */
export function shapeOf(response: object): ProblemShape {
  return (response as WithShape)[SHAPE] ?? PROBLEM_JSON;
}

/** The problem as a reply. A shape that fails itself is replaced by the service's own, and its fault is what is told. */
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
