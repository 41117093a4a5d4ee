import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT, readText } from '../support/repository.js';
import { NO_REDIS, RedisServer } from './redis-harness.js';

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: object;
}

interface ComposeService {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly unknown[];
  readonly volumes?: readonly unknown[];
}

const run = ([command = '', ...args]: readonly string[]): {
  status: number | null;
  stdout: string;
  stderr: string;
} => spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', env: { PATH: process.env.PATH ?? '' } });

const COMPOSE = [['docker', 'compose'], ['docker-compose']].find(
  (command) => run([...command, 'version']).status === 0,
);

describe('docker-compose.yml', () => {
  let compose: Compose;

  beforeAll(() => {
    compose = parse(readText('docker-compose.yml')) as Compose;
  });

  it('is accepted by docker compose', ({ skip }) => {
    skip(COMPOSE === undefined, 'neither docker compose nor docker-compose is installed');
    const { status, stdout, stderr } = run([...(COMPOSE ?? []), 'config']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(Object.keys((parse(stdout) as Compose).services).sort()).toEqual(['redis', 'serin']);
  });

  it('joins the service to its Redis, which nobody else can reach', () => {
    const { serin, redis } = compose.services;
    expect(new URL(serin?.environment?.REDIS_URL ?? '').hostname).toBe('redis');
    expect(redis?.ports).toBeUndefined();
    expect(redis?.healthcheck?.test).toEqual(['CMD', 'redis-cli', '-e', 'ping']);
    expect(Object.keys(compose.volumes)).toEqual(['state', 'redis']);
  });

  it('starts a Redis that may forget the cache, and never the state of a rollout', async ({ skip }) => {
    skip(NO_REDIS !== null, NO_REDIS ?? '');
    const [program, ...args] = compose.services.redis?.command ?? [];
    expect(program).toBe('redis-server');
    const server = await RedisServer.start(...args, '--maxmemory', '4mb');
    try {
      await server.command('SET', 'serin:rollout:sentiment', 'state');
      const script = `for i = 1, 20000 do redis.call('SET', 'serin:cache:' .. i, string.rep('x', 500), 'PX', 600000) end`;
      await server.command('EVAL', script, '0');
      expect(Number(await server.command('DBSIZE'))).toBeLessThan(20_000);
      expect(await server.command('GET', 'serin:rollout:sentiment')).toBe('state');
      await server.kill();
      await server.start();
      expect(await server.command('GET', 'serin:rollout:sentiment')).toBe('state');
    } finally {
      await server.remove();
    }
  });
});

describe('Dockerfile', () => {
  const stages = readText('Dockerfile')
    .split(/^(?=FROM )/m)
    .filter((stage) => stage.startsWith('FROM '));
  const last = stages.at(-1) ?? '';

  it('runs as nobody special, listens outside the container, and says when it is ready', () => {
    expect(stages).toHaveLength(2);
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/HOST=0\.0\.0\.0/);
    expect(last).toMatch(/^HEALTHCHECK [^]*health\/ready/m);
    expect(last).not.toMatch(/COPY.*\bsrc\b/);
  });

  it('copies what is there and is not ignored', () => {
    const ignored = readText('.dockerignore').split('\n');
    const copied = [...stages.join('').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
      sources.split(' '),
    );
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter((path) => !existsSync(join(ROOT, path)) || ignored.includes(path))).toEqual([]);
  });
});
