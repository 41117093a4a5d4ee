import { Injectable } from '@nestjs/common';
import type { RequestHandler } from 'express';
import type { ClientRoute } from './client-route.js';
import { Route, type RoutedDialect } from './route.js';

const ORIGIN = /^https?:\/\/[^/?]*/i;

/**
 * What a request's target asks for: path and query, without the origin that a proxy may put before them. Whoever looks at
 * a target looks at this one: read in two ways, one and the same could pass the guards as one path and be answered as
 * another. What is neither of the two forms stays as it is, and no route has it.
 */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const rest = target.replace(ORIGIN, '');
  return rest === '' || rest.startsWith('?') ? `/${rest}` : rest;
}

/** The path of a target in origin form, without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

const UNNORMAL = /[A-Z]|.\/$/;

/** As the router matches: upper and lower case are one, a trailing slash does not count. */
export function normalPath(path: string): string {
  if (!UNNORMAL.test(path)) return path;
  const lower = path.toLowerCase();
  return lower.length > 1 && lower.endsWith('/') ? lower.slice(0, -1) : lower;
}

const matches = (template: readonly string[], path: readonly string[]): boolean =>
  template.length === path.length &&
  template.every((part, i) => (part.startsWith(':') ? path[i] !== '' : part === path[i]));

/** A template without the names of its parameters. */
const anonymous = (template: string): string => normalPath(template).replaceAll(/\/:[^/]+/g, '/:');

/**
 * Which route a path belongs to, before any router has run: the name under which a request is logged and
 * counted also when it is refused early, and what tells a wrong method (405) from a wrong path (404).
 */
@Injectable()
export class RouteTable {
  private readonly exact = new Map<string, Route>();
  private readonly parametrized: { readonly parts: readonly string[]; readonly route: Route }[] = [];
  private readonly prefixes: { readonly prefix: string; readonly dialect: RoutedDialect }[] = [];
  private readonly subtrees: { readonly prefix: string; readonly route: Route }[] = [];

  /**
   * @param path template; `/docs/*` stands for everything under /docs.
   * @param handler what answers these methods; of two for the same method the first, as in the router
   */
  add(path: string, methods: readonly string[], handler?: RequestHandler): void {
    const known = this.known(path);
    const handlers = new Map(handler === undefined ? [] : methods.map((method) => [method, handler]));
    for (const [method, first] of known.handlers) handlers.set(method, first);
    const ownMethods = new Set([...known.ownMethods, ...methods]);
    this.put(known.with({ methods: new Set([...known.methods, ...methods]), ownMethods, handlers }));
  }

  /**
   * Says what a route of the service's own controllers needs of its clients.
   * @throws Error when there is no such route
   */
  declare(route: ClientRoute): void {
    const known = this.known(route.path);
    if (!known.ownMethods.has(route.method))
      throw new Error(`No controller has ${route.method} ${route.path}.`);
    this.put(known.with({ forClients: new Map([...known.forClients, [route.method, route]]) }));
  }

  /** Enters the routes of a dialect. */
  addDialect(dialect: RoutedDialect, handler: RequestHandler): void {
    for (const route of dialect.routes) {
      const known = this.known(route.path);
      const methods = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method];
      const dialects = [...known.dialects, { dialect, route, handler }];
      this.put(known.with({ methods: new Set([...known.methods, ...methods]), dialects }));
    }
    for (const prefix of dialect.prefixes ?? [])
      this.prefixes.push({ prefix: prefix.toLowerCase(), dialect });
  }

  /** The dialect that paths without a route belong to; undefined for those that are the service's own. */
  dialectOf(path: string): RoutedDialect | undefined {
    const normal = normalPath(path);
    return this.prefixes.find(({ prefix }) => normal.startsWith(prefix))?.dialect;
  }

  /** @param path of the request, without its query. */
  find(path: string): Route | undefined {
    const normal = normalPath(path);
    const exact = this.exact.get(normal);
    if (exact !== undefined) return exact;
    const parts = normal.split('/');
    return (
      this.parametrized.find((entry) => matches(entry.parts, parts))?.route ??
      this.subtrees.find((entry) => normal.startsWith(entry.prefix))?.route
    );
  }

  all(): Route[] {
    return [
      ...this.exact.values(),
      ...this.parametrized.map((entry) => entry.route),
      ...this.subtrees.map((entry) => entry.route),
    ];
  }

  /** The route of a template, or of one that has its parameters in the same places under other names. */
  private known(path: string): Route {
    const known = this.all().find(({ template }) => anonymous(template) === anonymous(path));
    return known ?? new Route(path);
  }

  private put(route: Route): void {
    const { template } = route;
    if (template.endsWith('/*')) {
      const others = this.subtrees.filter((entry) => entry.route.template !== template);
      this.subtrees.splice(0, this.subtrees.length, ...others, { prefix: template.slice(0, -1), route });
    } else if (template.includes(':')) {
      const others = this.parametrized.filter((entry) => entry.route.template !== template);
      const parts = normalPath(template).split('/');
      this.parametrized.splice(0, this.parametrized.length, ...others, { parts, route });
    } else {
      this.exact.set(normalPath(template), route);
    }
  }
}
