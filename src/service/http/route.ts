import type { RequestHandler } from 'express';
import type { ProblemShape } from '../request/reply.js';
import type { WireRequest } from '../request/wire-request.js';
import type { ClientRoute } from './client-route.js';

/** The properties of a wire format without controllers that the request pipeline needs. */
export interface RoutedDialect extends ProblemShape {
  readonly name: string;
  readonly routes: readonly ClientRoute[];
  /** Path prefixes such as `/v1/`: an unknown path below them is refused in this dialect's shape. */
  readonly prefixes?: readonly string[];
  /**
   * Whether a request is in this format; other formats may have the same route. It is called before the body is read,
   * with headers only, and again with the body when no dialect has claimed the request.
   */
  claims(request: WireRequest): boolean;
}

/** One method of a path that a dialect answers. */
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

/** One path of the router, with all its handlers. */
export class Route implements RouteParts {
  /** All methods of the path, in upper case. */
  readonly methods: ReadonlySet<string>;
  /** The methods that the service's own controllers answer. */
  readonly ownMethods: ReadonlySet<string>;
  /** The handler of each method; set only for paths without parameters, which can be dispatched directly. */
  readonly handlers: ReadonlyMap<string, RequestHandler>;
  /** The declarations of the service's own controllers for their client routes, by method. */
  readonly forClients: ReadonlyMap<string, ClientRoute>;
  /** The dialects that also answer the path, in the order of registration. */
  readonly dialects: readonly DialectRoute[];
  /** The match of every request that no dialect claims. */
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

  /** A copy of the route with the given parts replaced. */
  with(changed: Partial<RouteParts>): Route {
    const { methods, ownMethods, handlers, forClients, dialects } = this;
    return new Route(this.template, { methods, ownMethods, handlers, forClients, dialects, ...changed });
  }
}

/** The handler of a request. */
export interface Match {
  readonly route: Route;
  /** The dialect's entry; undefined for one of the service's own controllers, or when there is no handler. */
  readonly entry: DialectRoute | undefined;
  /** True when the body can no longer change the match. */
  readonly isSettled: boolean;
}
