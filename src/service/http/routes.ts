import { Injectable } from '@nestjs/common';
import type { RequestHandler } from 'express';

/** One route as the router knows it: a template such as `/models/:name` and its methods in upper case. */
export interface Route {
  readonly template: string;
  readonly methods: ReadonlySet<string>;
  /** What answers each method, where a path without parameters says enough to go there at once. */
  readonly handlers: ReadonlyMap<string, RequestHandler>;
}

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

/**
 * Which route a path belongs to, before any router has run: the name under which a request is logged and
 * counted also when it is refused early, and what tells a wrong method (405) from a wrong path (404).
 */
@Injectable()
export class RouteTable {
  private readonly exact = new Map<string, Route>();
  private readonly parametrized: { readonly parts: readonly string[]; readonly route: Route }[] = [];
  private readonly subtrees: { readonly prefix: string; readonly route: Route }[] = [];

  /**
   * @param path template; `/docs/*` stands for everything under /docs.
   * @param handler what answers these methods; of two for the same method the first, as in the router
   */
  add(path: string, methods: readonly string[], handler?: RequestHandler): void {
    const known = this.all().find((route) => route.template === path);
    const handlers = new Map(handler === undefined ? [] : methods.map((method) => [method, handler]));
    for (const [method, first] of known?.handlers ?? []) handlers.set(method, first);
    const route: Route = {
      template: path,
      methods: new Set([...(known?.methods ?? []), ...methods]),
      handlers,
    };
    if (path.endsWith('/*')) {
      this.subtrees.push({ prefix: path.slice(0, -1), route });
    } else if (path.includes(':')) {
      const others = this.parametrized.filter((entry) => entry.route.template !== path);
      this.parametrized.splice(0, this.parametrized.length, ...others, { parts: path.split('/'), route });
    } else {
      this.exact.set(normalPath(path), route);
    }
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
}
