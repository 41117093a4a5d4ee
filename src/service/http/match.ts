import { AppError } from '../../base/errors/app-error.js';
import type { WireRequest } from '../request/wire-request.js';
import type { ClientRoute } from './client-route.js';
import type { DialectRoute, Match, Route } from './route.js';

const MATCH = Symbol('match');

interface WithMatch {
  [MATCH]?: Match;
}

/** Ties a match to the response of its request; the request's context is a record of plain data and has no place for it. */
export function attachMatch(response: object, match: Match): void {
  (response as WithMatch)[MATCH] = match;
}

/** The match of a request; undefined for a path without a route. */
export function matchOf(response: object): Match | undefined {
  return (response as WithMatch)[MATCH];
}

const answers = ({ route }: DialectRoute, method: string): boolean =>
  route.method === method || (route.method === 'GET' && method === 'HEAD');

/** The dialects that answer a method of a path; when none answers it, all dialects of the path. */
function sharing({ methods, dialects }: Route, method: string): readonly DialectRoute[] {
  return methods.has(method) ? dialects.filter((entry) => answers(entry, method)) : dialects;
}

/**
 * Finds the handler of a request by its headers: the dialect that claims it, otherwise the service's own controller of
 * the path, otherwise the dialect that was registered first.
 */
export function matchByHeaders(route: Route, request: WireRequest): Match {
  if (route.dialects.length === 0) return route.own;
  const { method } = request;
  const entries = sharing(route, method);
  const claimed = entries.find(({ dialect }) => dialect.claims(request));
  if (claimed !== undefined) return { route, entry: claimed, isSettled: true };
  const hasOwn = route.methods.has(method) ? route.ownMethods.has(method) : route.ownMethods.size > 0;
  return { route, entry: hasOwn ? undefined : entries[0], isSettled: false };
}

/**
 * Finds the handler of a request whose body has been read: the dialect that claims it, among those that read the body
 * in the same way.
 */
export function matchByBody(match: Match, request: WireRequest): Match {
  if (match.isSettled) return match;
  const { route } = match;
  const kind = match.entry?.route.body ?? 'json';
  const claimed = sharing(route, request.method).find(
    ({ dialect, route: { body } }) => body === kind && dialect.claims(request),
  );
  return claimed === undefined ? match : { route, entry: claimed, isSettled: true };
}

/** The requirements of a match for its client; undefined when it is not a route for clients. */
export const clientRouteOf = ({ route, entry }: Match, method: string): ClientRoute | undefined =>
  entry === undefined ? route.forClients.get(method) : entry.route;

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new AppError(
      'INVALID_REQUEST',
      'The path contains a percent sign that encodes no UTF-8 character.',
    );
  }
}

/**
 * The decoded parameters of a path that matches a template.
 * @throws AppError INVALID_REQUEST when a part cannot be decoded
 */
export function paramsOf(template: string, path: string): Record<string, string> {
  const params: Record<string, string> = {};
  const parts = path.split('/');
  template.split('/').forEach((name, i) => {
    if (name.startsWith(':')) params[name.slice(1)] = decoded(parts[i] ?? '');
  });
  return params;
}
