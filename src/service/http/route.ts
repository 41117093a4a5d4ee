import type { RequestHandler } from 'express';
import type { ProblemShape } from '../request/reply.js';
import type { WireRequest } from '../request/wire-request.js';
import type { ClientRoute } from './client-route.js';

/** What the way from the socket to a handler needs to know of a wire format that has no controllers. */
export interface RoutedDialect extends ProblemShape {
  readonly name: string;
  readonly routes: readonly ClientRoute[];
  /** Paths such as `/v1/`: what lies below them and is no route is refused in this dialect's shape. */
  readonly prefixes?: readonly string[];
  /**
   * Whether a request to one of the routes, which others may have too, is in this format. It is asked before the body is
   * read, when headers alone can tell, and once more with the body when no dialect has claimed the request by then.
   */
  claims(request: WireRequest): boolean;
}

/** One method of a path, as a dialect answers it. */
export interface DialectRoute {
  readonly dialect: RoutedDialect;
  readonly route: ClientRoute;
  readonly handler: RequestHandler;
}

interface RouteParts {
  readonly methods: ReadonlySet<string>;
  readonly ownMethods: ReadonlySet<string>;
  readonly handlers: ReadonlyMap<string, RequestHandler>;
  readonly forClients: ReadonlyMap<string, ClientRoute>;
  readonly dialects: readonly DialectRoute[];
}

/** One path as the router knows it, with everybody who answers it. */
export class Route implements RouteParts {
  /** All of them, in upper case. */
  readonly methods: ReadonlySet<string>;
  /** Those that the service's own controllers answer. */
  readonly ownMethods: ReadonlySet<string>;
  /** What answers each method, where a path without parameters says enough to go there at once. */
  readonly handlers: ReadonlyMap<string, RequestHandler>;
  /** What the service's own controllers declare about their routes for clients, by method. */
  readonly forClients: ReadonlyMap<string, ClientRoute>;
  /** Dialects that answer the path too, in the order of their registration. */
  readonly dialects: readonly DialectRoute[];
  /** The match of every request that no dialect can claim. */
  readonly own: Match = { route: this, entry: undefined, isSettled: true };

  /** @param template such as `/models/:name` */
  constructor(
    readonly template: string,
    parts: Partial<RouteParts> = {},
  ) {
    this.methods = parts.methods ?? new Set();
    this.ownMethods = parts.ownMethods ?? new Set();
    this.handlers = parts.handlers ?? new Map<string, RequestHandler>();
    this.forClients = parts.forClients ?? new Map<string, ClientRoute>();
    this.dialects = parts.dialects ?? [];
  }

  /** The same route with some of it replaced. */
  with(changed: Partial<RouteParts>): Route {
    const { methods, ownMethods, handlers, forClients, dialects } = this;
    return new Route(this.template, { methods, ownMethods, handlers, forClients, dialects, ...changed });
  }
}

/** Who answers a request. */
export interface Match {
  readonly route: Route;
  /** Undefined: one of the service's own controllers, or none. */
  readonly entry: DialectRoute | undefined;
  /** Whether the body has nothing more to say about it. */
  readonly isSettled: boolean;
}
