import { describe, expect, it } from 'vitest';
import { redisUrl } from '../../../../src/base/config/redis-url.js';

describe('REDIS_URL', () => {
  it.each([
    'redis://localhost',
    'redis://localhost:6379',
    'redis://localhost:6379/',
    'redis://10.0.0.1/2',
    'redis://[::1]:6379/0',
    'redis://:secret@redis',
    'rediss://user:p%40ss%2Fword@redis.example.com:6380/15',
  ])('%s is taken as it is', (url) => {
    expect(redisUrl.fromText(url)).toEqual({ value: url });
    expect(redisUrl.fromFile(url)).toEqual({ value: url });
  });

  it.each([
    '',
    'localhost:6379',
    'redis://',
    'redis:///0',
    'redis://:hush@/0',
    'http://:hush@localhost',
    'unix:///tmp/hush.sock',
    'redis://:hush@localhost:70000',
    'redis://:hush@localhost:port',
    'redis://:hush@localhost/zero',
    'redis://:hush@localhost/0/1',
    'redis://:hush@localhost?db=1',
    'redis://:hush@localhost#1',
    'redis://:hu sh@localhost',
    'redis://:hush%@localhost',
  ])('%j is refused without being quoted', (url) => {
    const reading = redisUrl.fromText(url);
    expect(reading).toHaveProperty('problem', expect.stringContaining('redis://'));
    expect(JSON.stringify(reading)).not.toContain('hu');
  });

  it.each([6379, true, null, ['redis://localhost']])('%j in the file is refused', (value) => {
    expect(redisUrl.fromFile(value)).toHaveProperty('problem');
  });
});
