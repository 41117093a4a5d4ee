import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/base/errors/app-error.js';
import { Access } from '../../../../src/service/http/access/access.js';
import { admitAgain } from '../../../../src/service/http/admission.js';
import { type ClientRoute, KEY_IN_HEADERS } from '../../../../src/service/http/client-route.js';
import { clientRouteOf, matchByBody, matchByHeaders, paramsOf } from '../../../../src/service/http/match.js';
import type { Match, Route, RoutedDialect } from '../../../../src/service/http/route.js';
import { RouteTable } from '../../../../src/service/http/routes.js';
import { PROBLEM_JSON } from '../../../../src/service/request/reply.js';
import type { WireRequest } from '../../../../src/service/request/wire-request.js';

const routeOf = (path: string, method = 'POST', body: 'json' | 'raw' = 'json'): ClientRoute => ({
  ...{ method, path, body, rate: true, asksModel: true },
  key: KEY_IN_HEADERS,
});

/** Claims what has its name in a header, or as the body. */
const dialectOf = (name: string, ...routes: readonly ClientRoute[]): RoutedDialect => ({
  name,
  routes,
  claims: ({ headers, body }) => headers.dialect === name || body === name,
  problem: (error, stamp) => PROBLEM_JSON.problem(error, stamp),
});

const requestOf = (fields: Partial<WireRequest>): WireRequest => ({
  ...{ method: 'POST', path: '/', headers: {}, params: {}, query: {}, ip: undefined, body: undefined },
  ...fields,
});

const noHandler = (): void => undefined;

function tableOf(...dialects: readonly RoutedDialect[]): RouteTable {
  const table = new RouteTable();
  table.add('/shared', ['POST']);
  table.add('/models/:name', ['GET', 'HEAD']);
  for (const dialect of dialects) table.addDialect(dialect, noHandler);
  return table;
}

const find = (table: RouteTable, path: string): Route => {
  const route = table.find(path);
  if (route === undefined) throw new Error(`no route ${path}`);
  return route;
};

const nameOf = ({ entry }: Match): string | undefined => entry?.dialect.name;

describe('who answers a path that several have', () => {
  const table = tableOf(
    dialectOf('a', routeOf('/shared'), routeOf('/own')),
    dialectOf('b', routeOf('/shared', 'POST', 'raw'), routeOf('/own'), routeOf('/own', 'GET')),
    dialectOf('c', routeOf('/shared', 'POST', 'raw')),
  );
  const shared = find(table, '/shared');
  const own = find(table, '/own');

  it('is the dialect that the headers name, whatever the body then says', () => {
    const match = matchByHeaders(shared, requestOf({ headers: { dialect: 'b' } }));
    expect(nameOf(match)).toBe('b');
    expect(nameOf(matchByBody(match, requestOf({ body: 'c' })))).toBe('b');
  });

  it('is else the native one of the path, unless the body names a dialect that reads it alike', () => {
    const match = matchByHeaders(shared, requestOf({}));
    expect([nameOf(match), match.isSettled]).toEqual([undefined, false]);
    expect(nameOf(matchByBody(match, requestOf({ body: 'a' })))).toBe('a');
    expect(matchByBody(match, requestOf({ body: 'b' }))).toBe(match);
    expect(matchByBody(match, requestOf({ body: {} }))).toBe(match);
  });

  it('is the first dialect that has a path which is none of ours', () => {
    expect(nameOf(matchByHeaders(own, requestOf({})))).toBe('a');
    expect(nameOf(matchByHeaders(own, requestOf({ headers: { dialect: 'b' } })))).toBe('b');
    expect(nameOf(matchByHeaders(own, requestOf({ method: 'HEAD' })))).toBe('b');
  });

  it('words the refusal of a method that no one has: of the claiming dialect, else of the native one', () => {
    expect(nameOf(matchByHeaders(shared, requestOf({ method: 'PUT' })))).toBeUndefined();
    expect(nameOf(matchByHeaders(shared, requestOf({ method: 'PUT', headers: { dialect: 'a' } })))).toBe('a');
    expect(nameOf(matchByHeaders(own, requestOf({ method: 'PUT' })))).toBe('a');
  });

  it('costs a path without dialects nothing: its match is made once', () => {
    const models = find(table, '/models/x');
    expect(matchByHeaders(models, requestOf({ method: 'GET' }))).toBe(models.own);
    expect(matchByBody(models.own, requestOf({ body: 'a' }))).toBe(models.own);
  });
});

describe('routes of dialects and controllers in one table', () => {
  it('share a path whose parameters have other names, and keep their own', () => {
    const table = tableOf(dialectOf('a', routeOf('/Models/:Model')));
    const route = find(table, '/models/Sentiment');
    expect([route.template, [...route.methods]]).toEqual(['/models/:name', ['GET', 'HEAD', 'POST']]);
    const { entry } = matchByHeaders(route, requestOf({}));
    expect(paramsOf(entry?.route.path ?? '', '/models/Sen%20t%2Fi')).toEqual({ Model: 'Sen t/i' });
    expect(() => paramsOf('/a/:b', '/a/%ff')).toThrow(AppError);
  });

  it('say what they need of their clients, by method', () => {
    const table = tableOf(dialectOf('a', routeOf('/shared')));
    const declared = routeOf('/shared');
    table.declare(declared);
    const { own } = find(table, '/shared');
    expect([clientRouteOf(own, 'POST'), clientRouteOf(own, 'GET')]).toEqual([declared, undefined]);
    expect(() => {
      table.declare(routeOf('/none'));
    }).toThrow('No controller has POST /none.');
  });

  it('leave paths below the prefix of a dialect to it, and no others', () => {
    const table = tableOf({ ...dialectOf('a'), prefixes: ['/V1/'] });
    expect(['/v1/x', '/V1/y/z', '/v1', '/v2/x'].map((path) => table.dialectOf(path)?.name)).toEqual([
      ...['a', 'a', undefined, undefined],
    ]);
  });
});

describe('a route that only the body has named', () => {
  const access = new Access(
    {
      clients: [{ name: 'one', sha256: 'a'.repeat(64), rights: [], weight: 1 }],
      ...{ rateLimitPerS: 1, rateLimitBurst: 1, maxTexts: 256 },
    },
    null,
  );
  const again = (before: ClientRoute | undefined): string | undefined =>
    admitAgain(
      access,
      { before, now: routeOf('/a') },
      { headers: {}, ip: '192.0.2.1' } as Parameters<typeof admitAgain>[2],
      {} as Parameters<typeof admitAgain>[3],
    )?.code;

  it('asks for key and rate when the first one did not, and for nothing twice', () => {
    expect(again(routeOf('/a'))).toBeUndefined();
    expect(again(undefined)).toBe('UNAUTHENTICATED');
    const keyAlone = { ...routeOf('/a'), rate: false };
    expect([again(keyAlone), again(keyAlone)]).toEqual([undefined, 'RATE_LIMITED']);
  });
});
