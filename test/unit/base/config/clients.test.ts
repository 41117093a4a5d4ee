import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RIGHTS } from '../../../../src/base/config/clients.js';
import { ConfigError } from '../../../../src/base/config/config-error.js';
import { loadConfig, type LoadOptions } from '../../../../src/base/config/load-config.js';
import type { Client, SerinConfig } from '../../../../src/base/config/serin-config.js';
import { readText } from '../../../support/repository.js';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'serin-clients-'));
});

afterEach(() => {
  rmSync(cwd, { recursive: true });
});

const file = (content: string): void => {
  writeFileSync(join(cwd, 'serin.config.yaml'), content);
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

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');

const full = (name: string, key: string): Client => ({
  ...{ name, sha256: sha256(key) },
  ...{ rights: RIGHTS, weight: 1 },
});

describe('clients', () => {
  it('are read from the list of the file, with their rights and weights, and without their keys', () => {
    file(
      [
        'clients:',
        '  - { name: shop, key: hush-1 }',
        `  - { name: "2", sha256: ${sha256('hush-2').toUpperCase()}, rights: [feedback, version, feedback], weight: 2.5 }`,
        '  - { name: kiosk, key: "hush,3:4", rights: [], weight: 0.1 }',
      ].join('\n'),
    );
    const config = load();
    expect(config.clients).toEqual([
      full('shop', 'hush-1'),
      { ...full('2', 'hush-2'), rights: ['version', 'feedback'], weight: 2.5 },
      { ...full('kiosk', 'hush,3:4'), rights: [], weight: 0.1 },
    ]);
    expect(inspect(config, { depth: 9 })).not.toContain('hush');
  });

  it('are written as the documentation shows', () => {
    const [, section = ''] = readText('docs/configuration.md').split('\n## Clients\n');
    const [, example = ''] = /```yaml\n([^]*?)```/.exec(section) ?? [];
    file(example);
    expect(load().clients).toEqual([
      full('shop', 'shop-key'),
      { ...full('nightly-report', 'correct-horse-battery'), rights: [], weight: 0.5 },
      { ...full('data-team', 'team-key'), rights: ['version', 'no-cache', 'feedback'], weight: 2 },
    ]);
  });

  it('have those of API_KEYS behind them, which have all rights', () => {
    file('clients: [{ name: shop, key: k1, rights: [] }]');
    const { clients } = load({ env: { API_KEYS: 'one:k2,two:k3' } });
    expect(clients).toEqual([{ ...full('shop', 'k1'), rights: [] }, full('one', 'k2'), full('two', 'k3')]);
  });

  it.each<[string, string, string | RegExp]>([
    ['are two', '[{ name: a, key: hush1 }, { name: a, key: hush2 }]', 'two clients have the name "a"'],
    ['share a key', '[{ name: a, key: hush }, { name: b, key: hush }]', /"a" and "b" have the same key/],
    [
      ...(['share a key, once as its digest', `[{ name: a, key: hush }, { name: b, sha256: `] as const),
      /"a" and "b" have the same key/,
    ],
  ])('are refused when they %s', (_, written, message) => {
    const list = written.endsWith('sha256: ') ? `${written}${sha256('hush').toUpperCase()} }]` : written;
    file(`clients: ${list}`);
    const problems = problemsOf();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^clients\.1 \(serin\.config\.yaml\): /);
    expect(problems[0]).toMatch(message);
    expect(problems[0]).not.toMatch(/hush/);
  });

  it('are refused when API_KEYS has one of them too, by name or by key', () => {
    file('clients: [{ name: a, key: hush1 }, { name: b, key: hush2 }]');
    const problems = problemsOf({ env: { API_KEYS: 'a:hush3,c:hush2' } });
    expect(problems).toEqual([
      'API_KEYS (environment): two clients have the name "a"; one of them stands in clients of serin.config.yaml',
      'API_KEYS (environment): "b" and "c" have the same key, so the service could not tell which of them asks; one of them stands in clients of serin.config.yaml',
    ]);
  });

  it.each<[string, RegExp]>([
    ['', /^clients .*allowed is a list of 1 to 1000 clients such as .*leave the key out/],
    ['[]', /^clients .*allowed is a list of 1 to 1000/],
    ['"shop:hush"', /^clients .*allowed is a list/],
    ['{ shop: hush }', /^clients .*allowed is a list/],
    ['["shop:hush"]', /^clients\.0 \(serin\.config\.yaml\): allowed is a map such as/],
    ['[{ key: hush }]', /^clients\.0\.name .*is missing: allowed is 1 to 64 of/],
    ['[{ name: "shop:hush", key: k }]', /^clients\.0\.name \(serin\.config\.yaml\): allowed is 1 to 64 of/],
    ['[{ name: 5, key: hush }]', /^clients\.0\.name .*quote a number/],
    ['[{ name: shop }]', /^clients\.0\.key .*is missing: give the key, or its sha256/],
    ['[{ name: shop, key: "hu sh" }]', /^clients\.0\.key .*allowed is 1 to 512 printable/],
    ['[{ name: shop, key: 4711 }]', /^clients\.0\.key \(serin\.config\.yaml\): allowed .*quote a number/],
    [`[{ name: shop, key: "sha256:${'a'.repeat(64)}" }]`, /^clients\.0\.key .*write it as sha256/],
    ['[{ name: shop, sha256: hush }]', /^clients\.0\.sha256 .*64 hex digits/],
    [`[{ name: shop, key: hush, sha256: ${'a'.repeat(64)} }]`, /^clients\.0\.sha256 .*is given beside key/],
    ['[{ name: shop, key: k, rihgts: [] }]', /^clients\.0 .*unknown key\. Did you mean "rights"\?/],
    ['[{ name: shop, key: k, rights: }]', /^clients\.0\.rights .*is empty: .*\[\] for none/],
    ['[{ name: shop, key: k, rights: feedback }]', /^clients\.0\.rights .* is "feedback": allowed is a list/],
    [
      '[{ name: shop, key: k, rights: [versions] }]',
      /^clients\.0\.rights .* is "versions": allowed is one of/,
    ],
    [
      '[{ name: shop, key: k, weight: 0 }]',
      /^clients\.0\.weight .* is 0: allowed is a number from 0\.1 to 100/,
    ],
    ['[{ name: shop, key: k, weight: 101 }]', /^clients\.0\.weight .* is 101: allowed/],
    ['[{ name: shop, key: k, weight: "2" }]', /^clients\.0\.weight .* is "2": allowed/],
  ])('are refused when the list is %s', (list, message) => {
    file(`clients: ${list}`);
    const problems = problemsOf();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(message);
    expect(problems[0]).not.toMatch(/hu ?sh|4711/);
  });

  it.each([
    '>hush',
    '|hush',
    '!a!hush',
    '!<hush',
    '"\\hush"',
    '*hush',
    '!hush',
    '&hush',
    '@hush',
    '[hush',
    '"hush',
  ])('keep a key out of the message when YAML reads it as something else: %s', (key) => {
    for (const written of [`- { name: shop, key: ${key} }`, `- name: shop\n    key: ${key}\n    weight: 1`]) {
      file(`port: 80\nclients:\n  ${written}\n`);
      // The name of the folder is random, and may hold letters of the key.
      const problems = problemsOf().join('\n').replaceAll(cwd, '');
      expect(problems).toMatch(/line \d, column|clients\.0|must be a map/);
      expect(problems).not.toMatch(/hu|sh\b/);
    }
  });

  it('keep a key out of the message when a missing space has made it the name of a field', () => {
    file('clients: [{ name: shop, key:hush-hush }]');
    const problems = problemsOf();
    expect(problems.join('\n')).toMatch(/clients\.0 .*unknown key\. .*a space after its colon/);
    expect(problems.join('\n')).not.toContain('hush');
  });
});

describe('API keys', () => {
  it('are hashed as they are read, from text and from a list', () => {
    const env = { API_KEYS: `a:one, b:sha256:${sha256('two').toUpperCase()},c:x:y` };
    const expected = [full('a', 'one'), full('b', 'two'), full('c', 'x:y')];
    expect(load({ env }).clients).toEqual(expected);
    file(`api_keys: ["a:one", "b:sha256:${sha256('two')}", "c:x:y"]`);
    expect(load().clients).toEqual(expected);
  });

  it('are not an empty list, which would open the service', () => {
    file('api_keys: []');
    expect(problemsOf()).toEqual([expect.stringMatching(/^api_keys .*the list is empty; allowed is/)]);
  });

  it.each([
    ['a', /entry 1 cannot be read/],
    ['a:k,', /entry 2 cannot be read/],
    ['a:', /entry 1/],
    [':k', /entry 1/],
    ['a b:k', /entry 1/],
    ['a:sha256:12', /entry 1/],
    ['a:k,a:l', /two clients have the name "a"/],
    ['a:k,b:k', /"a" and "b" have the same key/],
  ])('refuse %s', (value, message) => {
    const problems = problemsOf({ env: { API_KEYS: value } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(message);
  });
});
