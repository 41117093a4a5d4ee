import { describe, expect, it, vi } from 'vitest';
import { originForm, pathOf, RouteTable } from '../../../../src/service/http/routes.js';

const table = new RouteTable();
table.add('/predict', ['POST']);
table.add('/models', ['GET', 'HEAD']);
table.add('/models/:name', ['GET', 'HEAD']);
table.add('/models/:name', ['DELETE']);
table.add('/docs', ['GET', 'HEAD']);
table.add('/docs/*', ['GET', 'HEAD']);

describe('RouteTable', () => {
  it.each([
    ['/predict', '/predict'],
    ['/predict/', '/predict'],
    ['/PREDICT', '/predict'],
    ['/models', '/models'],
    ['/models/a', '/models/:name'],
    ['/models/a%2Fb', '/models/:name'],
    ['/models/a/', '/models/:name'],
    ['/models/', '/models'],
    ['/models/a/b', undefined],
    ['/docs', '/docs'],
    ['/docs/x/y.js', '/docs/*'],
    ['/docsx', undefined],
    ['/', undefined],
    ['', undefined],
    ['/predict/x', undefined],
    ['//predict', undefined],
  ])('%s belongs to %s', (path, template) => {
    expect(table.find(path)?.template).toBe(template);
  });

  it('knows all methods of a path that was added twice', () => {
    expect([...(table.find('/models/a')?.methods ?? [])]).toEqual(['GET', 'HEAD', 'DELETE']);
  });

  it('leaves the query out of a path', () => {
    expect([pathOf('/a?b=/c?d'), pathOf('/a'), pathOf('?')]).toEqual(['/a', '/a', '']);
  });

  it.each([
    ['http://host:1/a/b?c', '/a/b?c'],
    ['HTTPS://host?c', '/?c'],
    ['http://host', '/'],
    ['http://h;/a', '/a'],
    ["http://h'x%41/a", '/a'],
    ['/http://host/a', '/http://host/a'],
    ['http://', '/'],
    ['*', '/*'],
    ['ftp://host/a', '/ftp://host/a'],
    ['ftp://[/', '/ftp://[/'],
  ])('takes the target %s for %s', (target, url) => {
    expect(originForm(target)).toBe(url);
  });

  it('goes to what answers a method of an exact path: of two handlers the first, as in the router', () => {
    const [get, post, other] = [vi.fn(), vi.fn(), vi.fn()];
    const direct = new RouteTable();
    direct.add('/a', ['GET', 'HEAD'], get);
    direct.add('/a', ['POST'], post);
    direct.add('/a', ['GET'], other);
    const { handlers } = direct.find('/A/') ?? {};
    expect(['GET', 'HEAD', 'POST', 'PUT'].map((method) => handlers?.get(method))).toEqual([
      get,
      get,
      post,
      undefined,
    ]);
    expect(table.find('/predict')?.handlers.size).toBe(0);
  });
});
