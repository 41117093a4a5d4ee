import type { AppError } from '../../base/errors/app-error.js';
import type { Answered } from '../answers/answers.js';
import type { Ask } from '../answers/ask.js';
import type { RoutedDialect } from '../http/route.js';
import type { Choice } from '../request/caller.js';
import type { ProblemShape, Reply, Stamp } from '../request/reply.js';
import type { WireRequest } from '../request/wire-request.js';

/** A parsed request. */
export interface Parsed<Shape> {
  /** The texts to answer; an invalid text is an error at its index, and the others are still answered. */
  readonly asks: readonly (Ask | AppError)[];
  readonly choice: Choice;
  /** The properties of the request that the reply needs. */
  readonly shape: Shape;
  /** The unchanged texts, for the log line when LOG_TEXT is set. */
  readonly texts: string | readonly unknown[];
}

/** Reads requests and writes replies and problems in one wire format. */
export interface WireFormat<Shape> extends ProblemShape {
  readonly name: string;
  /** @throws AppError when the request as a whole is invalid */
  parse(request: WireRequest): Parsed<Shape>;
  /** @throws AppError when the format cannot express the error of a single text */
  reply(answered: Answered, shape: Shape, stamp: Stamp): Reply;
}

/** A wire format with its own routes, which other dialects may have too. */
export interface Dialect<Shape> extends WireFormat<Shape>, RoutedDialect {}
