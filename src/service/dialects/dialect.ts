import type { AppError } from '../../base/errors/app-error.js';
import type { Answered } from '../answers/answers.js';
import type { Ask } from '../answers/ask.js';
import type { RoutedDialect } from '../http/route.js';
import type { Choice } from '../request/caller.js';
import type { ProblemShape, Reply, Stamp } from '../request/reply.js';
import type { WireRequest } from '../request/wire-request.js';

/** A request, understood. */
export interface Parsed<Shape> {
  /** An error in place of a text that is refused while the others are answered. */
  readonly asks: readonly (Ask | AppError)[];
  readonly choice: Choice;
  /** What the reply has to know of the request. */
  readonly shape: Shape;
  /** The texts as they came, for the log line of a service that logs texts. */
  readonly texts: string | readonly unknown[];
}

/** How requests, replies and problems are written in one wire format. */
export interface WireFormat<Shape> extends ProblemShape {
  readonly name: string;
  /** @throws AppError when the request as a whole is wrong */
  parse(request: WireRequest): Parsed<Shape>;
  /** @throws AppError when the format has no place for the error of a text */
  reply(answered: Answered, shape: Shape, stamp: Stamp): Reply;
}

/** A wire format with routes of its own, which it may share with others. */
export interface Dialect<Shape> extends WireFormat<Shape>, RoutedDialect {}
