import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../../src/base/config/config-error.js';
import { loadConfig } from '../../../../src/base/config/load-config.js';

const load = (env: Readonly<Record<string, string>>) => loadConfig({ cwd: '/nowhere', env });

function problemOf(env: Readonly<Record<string, string>>): string {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('the ports', () => {
  it('are one port with all routes when nothing is said', () => {
    expect(load({})).toMatchObject({ port: 3000, adminPort: null, closedRoutes: [] });
  });

  it('are two different ports, or two that the machine chooses', () => {
    expect(load({ ADMIN_PORT: '9090' }).adminPort).toBe(9090);
    expect(load({ PORT: '0', ADMIN_PORT: '0' })).toMatchObject({ port: 0, adminPort: 0 });
    expect(problemOf({ ADMIN_PORT: '3000' })).toMatch(/ADMIN_PORT .*is PORT too/);
    expect(problemOf({ PORT: '9090', ADMIN_PORT: '9090' })).toMatch(/ADMIN_PORT .*is PORT too/);
  });
});

describe('closed routes', () => {
  it('are some of the routes of the operator, in any order', () => {
    expect(load({ CLOSED_ROUTES: 'docs, metrics,docs' }).closedRoutes).toEqual(['metrics', 'docs']);
  });

  it.each(['health', 'docs,health', 'docs,', 'Docs', 'docs metrics'])('are not "%s"', (value) => {
    expect(problemOf({ CLOSED_ROUTES: value })).toMatch(
      /CLOSED_ROUTES .*one or more of metrics, models, docs, separated by commas/,
    );
  });
});
