import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../../src/base/config/config-error.js';
import { loadConfig, type LoadOptions } from '../../../../src/base/config/load-config.js';
import { plainRollout } from '../../../../src/base/config/rollout-config.js';
import type { SerinConfig } from '../../../../src/base/config/serin-config.js';
import { ROOT } from '../../../support/repository.js';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'serin-config-'));
});

afterEach(() => {
  rmSync(cwd, { recursive: true });
});

const file = (content: string, name = 'serin.config.yaml'): string => {
  const path = join(cwd, name);
  writeFileSync(path, content);
  return path;
};

const load = (options: LoadOptions = {}): SerinConfig => loadConfig({ env: {}, cwd, ...options });

/** The lines of the message, without the heading; fails when the configuration was accepted. */
const problemsOf = (options: LoadOptions = {}): string[] => {
  try {
    load(options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [, ...lines] = error.message.split('\n');
    return lines.map((line) => line.trim());
  }
  throw new Error('the configuration was accepted');
};

const problemOf = (options: LoadOptions = {}): string => {
  const problems = problemsOf(options);
  expect(problems).toHaveLength(1);
  return problems[0] ?? '';
};

describe('defaults', () => {
  it('fills every setting that no source names', () => {
    const { workers, adminPort, closedRoutes, ...rest } = load();
    expect([workers >= 1, adminPort, closedRoutes]).toEqual([true, null, []]);
    expect(rest).toEqual({
      models: {},
      host: '127.0.0.1',
      port: 3000,
      trustProxy: null,
      requestTimeoutMs: 2000,
      maxBodyBytes: 1_000_000,
      maxTexts: 256,
      shutdownDelayMs: 3000,
      shutdownGraceMs: 10_000,
      cacheMaxItems: 10_000,
      cacheMaxBytes: 64_000_000,
      cacheTtlMs: 600_000,
      adminToken: null,
      clients: [],
      rateLimitPerS: null,
      rateLimitBurst: null,
      logLevel: 'info',
      feedbackMaxRequests: 100_000,
      feedbackTtlMs: 86_400_000,
      logClient: 'network',
      logText: false,
      modelRegistry: join(cwd, 'model-registry'),
      stateDir: join(cwd, 'var'),
      defaultModel: 'sentiment',
      rollout: { sentiment: plainRollout('v1', 'v2') },
      canaryPercent: null,
      threadsPerWorker: 1,
      spareWorkers: 1,
      queueLimit: 1024,
      batchTimeoutMaxMs: 8000,
      workerWatchdogMs: 1000,
      workerMaxRssBytes: 1_500_000_000,
      redisUrl: null,
    });
  });

  it('makes the queue twice as long as the largest batch', () => {
    expect(load({ env: { MAX_TEXTS: '256' } }).queueLimit).toBe(1024);
    expect(load({ env: { MAX_TEXTS: '1000' } }).queueLimit).toBe(2000);
  });

  it('makes the burst one second of the rate, rounded up', () => {
    expect(load({ env: { RATE_LIMIT_PER_S: '2.5' } })).toMatchObject({
      rateLimitPerS: 2.5,
      rateLimitBurst: 3,
    });
  });

  it('are what the committed file says', () => {
    const { modelRegistry, stateDir, ...defaults } = load();
    expect(load({ cwd: ROOT })).toEqual({
      ...defaults,
      modelRegistry: `${ROOT}model-registry`,
      stateDir: `${ROOT}var`,
    });
    expect([modelRegistry, stateDir]).toEqual([join(cwd, 'model-registry'), join(cwd, 'var')]);
  });

  it('are frozen to their depths', () => {
    const config = load({ env: { API_KEYS: 'a:k' } });
    for (const part of [
      config,
      config.rollout,
      config.rollout.sentiment,
      config.clients,
      config.clients[0],
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe('precedence', () => {
  it('is command line, environment, file, default', () => {
    file('port: 1001\nmax_texts: 11\nhost: filehost');
    const env = { PORT: '1002', MAX_TEXTS: '12' };
    expect(load({ env, flags: { PORT: '1003' } })).toMatchObject({
      port: 1003,
      maxTexts: 12,
      host: 'filehost',
    });
  });

  it('takes a blank variable for an unset one', () => {
    file('port: 1001');
    expect(load({ env: { PORT: '', HOST: '  ' } })).toMatchObject({ port: 1001, host: '127.0.0.1' });
  });

  it('takes a key of the file without a value for an unset one', () => {
    file('port:\nadmin_token: null');
    expect(load()).toMatchObject({ port: 3000, adminToken: null });
  });

  it('refuses a wrong value even where a stronger source overrides it', () => {
    expect(problemOf({ env: { PORT: 'abc' }, flags: { PORT: '80' } })).toMatch(
      /^PORT \(environment\) is "abc"/,
    );
  });

  it('reads the file that SERIN_CONFIG names, the flag before the variable', () => {
    file('port: 1', 'a.yaml');
    file('port: 2', 'b.yaml');
    file('port: 3');
    expect(load({ env: { SERIN_CONFIG: 'a.yaml' } }).port).toBe(1);
    expect(load({ env: { SERIN_CONFIG: 'a.yaml' }, flags: { SERIN_CONFIG: 'b.yaml' } }).port).toBe(2);
  });

  it('resolves a path against the file that names it, else against the working directory', () => {
    const other = mkdtempSync(join(tmpdir(), 'serin-config-'));
    try {
      writeFileSync(join(other, 'c.yaml'), 'model_registry: models\nstate_dir: state');
      const env = { SERIN_CONFIG: join(other, 'c.yaml'), STATE_DIR: 'here' };
      expect(load({ env })).toMatchObject({
        modelRegistry: join(other, 'models'),
        stateDir: join(cwd, 'here'),
      });
    } finally {
      rmSync(other, { recursive: true });
    }
  });
});

describe('problems', () => {
  it('names key, source, value and what is allowed', () => {
    const allowed = 'allowed is a whole number from 0 to 65535, in digits';
    file('port: many');
    expect(problemsOf({ env: { PORT: '65536' }, flags: { PORT: '-1' } })).toEqual([
      `--port (command line) is "-1": ${allowed}`,
      `PORT (environment) is "65536": ${allowed}`,
      `port (serin.config.yaml) is "many": ${allowed}`,
    ]);
  });

  it('never shows the value of a secret', () => {
    file('admin_token: [hush1]\napi_keys: ["who:hu sh2"]');
    const message = problemsOf({ env: { ADMIN_TOKEN: 'hu sh3', API_KEYS: 'hush4' } }).join('\n');
    expect(message.split('\n')).toHaveLength(4);
    expect(message).not.toMatch(/hu ?sh/);
  });

  it('does not quote a file that is not YAML, for it may hold a secret', () => {
    file('port: 1\nadmin_token: "hush\nhost: x');
    const problem = problemOf();
    expect(problem).toMatch(/serin\.config\.yaml.*not valid YAML.* at line \d/);
    expect(problem).not.toContain('hush');
  });

  it.each([
    ['prot: 1', /^prot \(serin.config.yaml\): unknown key. Did you mean "port"\?/],
    ['max_text: 1', /Did you mean "max_texts"\?/],
    ['PORT: 1', /^PORT \(serin.config.yaml\): unknown key. Did you mean "port"\?/],
    ['{port: 1, admin_token:hush}', /^admin_token \(serin.config.yaml\): a space is missing after the colon/],
    ['__proto__: {port: 1}', /^__proto__ .*unknown key/],
    ['1: 2', /^1 .*unknown key/],
    ['cache_ttl_ms: 0', /^cache_ttl_ms .* is 0: allowed is a whole number from 1 /],
    ['canary_percent: 5', /^canary_percent .*rollout\.<model>\.percent/],
    ['serin_config: x', /^serin_config .*names the file itself/],
    ['port: "3000"', /^port .* is "3000": allowed is a whole number/],
    ['port: [3000]', /^port .* is \[3000\]: allowed/],
    ['port: .nan', /^port .* is NaN: allowed/],
    ['log_text: yes', /^log_text .* is "yes": allowed is true or false/],
    ['host: 5', /^host .* is 5: allowed is a host name/],
    ['host: {a: b}', /^host .* is a map: allowed is a host name/],
    ['- port', /the file must be a map of settings/],
    ['port: 1\nport: 2', /not valid YAML: Map keys must be unique/],
    [
      `a: &a [x${', x'.repeat(20)}]\nb: &b [*a${', *a'.repeat(20)}]\nc: [*b${', *b'.repeat(20)}]`,
      /must be a map/,
    ],
  ])('refuses the file %j', (content, message) => {
    file(content);
    const problem = problemOf();
    expect(problem).toMatch(message);
    expect(problem).not.toContain('hush');
  });

  it('says that a file named by SERIN_CONFIG is missing, or cannot be read', () => {
    expect(problemOf({ env: { SERIN_CONFIG: 'none.yaml' } })).toMatch(/none\.yaml.*there is no such file/);
    expect(problemOf({ env: { SERIN_CONFIG: '.' } })).toMatch(/cannot be read \(EISDIR\)/);
  });

  it('accepts an empty file', () => {
    file('# nothing\n');
    expect(load().port).toBe(3000);
  });
});

describe('rollout', () => {
  it('reads models, versions and shares', () => {
    file('default_model: b\nrollout:\n  a: {stable: "1"}\n  b: {stable: v3, canary: v4, percent: 12.5}');
    expect(load()).toMatchObject({
      defaultModel: 'b',
      rollout: {
        a: { stable: '1', canary: null, percent: 0 },
        b: { stable: 'v3', canary: 'v4', percent: 12.5 },
      },
    });
  });

  it('keeps CANARY_PERCENT apart from what the file says', () => {
    file(
      'rollout:\n  sentiment: {stable: v1, canary: v2, percent: 50}\n  b: {stable: v1, canary: v2, percent: 7}',
    );
    const { rollout, canaryPercent } = load({ env: { CANARY_PERCENT: '0' } });
    expect([rollout.sentiment?.percent, rollout.b?.percent]).toEqual([50, 7]);
    expect(canaryPercent).toBe(0);
  });

  it.each([
    [
      'rollout: {sentiment: {stable: v1, canary: v1}}',
      /^rollout.sentiment.canary .* is "v1": is the stable version too/,
    ],
    [
      'rollout: {sentiment: {stable: v1, canary: v2, percent: 101}}',
      /percent .* is 101: allowed is a number from 0 to 100/,
    ],
    ['rollout: {sentiment: {stable: v1, canary: v2, percent: -0.1}}', /percent .* is -0.1: allowed/],
    ['rollout: {sentiment: {stable: v1, canary: v2, percent: "5"}}', /percent .* is "5": allowed/],
    [
      'rollout: {sentiment: {stable: v1, percent: 5}}',
      /percent .* is 5: there is no rollout.sentiment.canary/,
    ],
    ['rollout: {sentiment: {canary: v2}}', /^rollout.sentiment.stable .*is missing/],
    ['rollout: {sentiment: {stable: 1}}', /stable .* is 1: allowed is the name of a folder .*quote a number/],
    ['rollout: {sentiment: {stable: ../v1}}', /stable .* is "..\/v1": allowed/],
    [
      'rollout: {sentiment: {stable: v1, persent: 5}}',
      /^rollout.sentiment.persent .*Did you mean "percent"\?/,
    ],
    ['rollout: {sentiment: v1}', /^rollout.sentiment .* is "v1": allowed is a map/],
    [
      'rollout: {other: {stable: v1}}',
      /^default_model .*is "sentiment": rollout does not say.*it names other/,
    ],
    ['rollout: {}', /^default_model .*it names no model/],
    ['rollout: 5', /^rollout .* is 5: allowed is a map/],
    ['rollout: {.hidden: {stable: v1}}', /^rollout .* is ".hidden": allowed/],
    ['default_model: toxicity', /^default_model .* is "toxicity": rollout does not say/],
    ['default_model: [a]', /^default_model .*allowed is the name of a folder/],
  ])('refuses %s', (content, message) => {
    file(content);
    expect(problemOf()).toMatch(message);
  });

  it('refuses a share for a canary that does not exist, but not the toggle', () => {
    file('rollout: {sentiment: {stable: v1}}');
    expect(problemOf({ env: { CANARY_PERCENT: '5' } })).toMatch(
      /^CANARY_PERCENT \(environment\) is 5: .*no canary/,
    );
    expect(load({ env: { CANARY_PERCENT: '0' } }).canaryPercent).toBe(0);
  });

  it('has no inherited models', () => {
    file('rollout: {sentiment: {stable: v1}}');
    expect(load().rollout.constructor).toBeUndefined();
  });
});

describe('contradictions', () => {
  it('refuses a queue shorter than two batches, naming where either was set', () => {
    expect(problemOf({ env: { QUEUE_LIMIT: '511' } })).toMatch(
      /^QUEUE_LIMIT \(environment\) is 511: .*512 or more/,
    );
    file('queue_limit: 512');
    expect(problemOf({ flags: { MAX_TEXTS: '257' } })).toMatch(
      /^queue_limit \(serin.config.yaml\) is 512: .*514/,
    );
  });

  it('refuses a burst without a rate', () => {
    expect(problemOf({ env: { RATE_LIMIT_BURST: '5' } })).toMatch(/^RATE_LIMIT_BURST .*RATE_LIMIT_PER_S/);
  });
});
