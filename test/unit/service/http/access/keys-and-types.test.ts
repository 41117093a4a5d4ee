import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ApiKeys, keyFrom } from '../../../../../src/service/http/access/api-keys.js';
import { bearerToken } from '../../../../../src/service/http/access/bearer.js';
import { contentTypeProblem } from '../../../../../src/service/http/request-body.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('keys', () => {
  const keys = new ApiKeys([
    { name: 'one', sha256: sha256('k1') },
    { name: 'two', sha256: sha256('k2') },
  ]);

  it('are known by name, and only whole', () => {
    expect(['k1', 'k2', 'k', 'k11', '', sha256('k1')].map((key) => keys.nameOf(key))).toEqual([
      'one',
      'two',
      ...Array<undefined>(4).fill(undefined),
    ]);
  });

  it('come in x-api-key first, else as a Bearer token', () => {
    expect(keyFrom({ 'x-api-key': 'a', authorization: 'Bearer b' })).toBe('a');
    expect(keyFrom({ 'x-api-key': '', authorization: 'bearer b' })).toBe('b');
    expect(keyFrom({})).toBeUndefined();
  });

  it.each(['Basic a', 'Bearer', 'Bearer ', 'Bearer a b', 'a'])('are not in %j', (header) => {
    expect(bearerToken(header)).toBeUndefined();
  });
});

describe('content types', () => {
  it.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/json ; charset=utf8',
    'application/json; profile=x',
  ])('%s is JSON in UTF-8', (header) => {
    expect(contentTypeProblem(header)).toBeNull();
  });

  it.each([
    undefined,
    '',
    'text/json',
    'application/json-patch+json',
    'application/problem+json',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
  ])('%s is not', (header) => {
    expect(contentTypeProblem(header)).toMatch(/; send `?(application\/json|UTF-8)`?\.$/);
  });
});
