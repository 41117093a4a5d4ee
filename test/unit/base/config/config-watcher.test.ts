import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigWatcher } from '../../../../src/base/config/config-watcher.js';
import { type ConfigSource, configSource, loadConfig } from '../../../../src/base/config/load-config.js';
import type { SerinConfig } from '../../../../src/base/config/serin-config.js';

let cwd: string;
let watcher: ConfigWatcher | undefined;
let seen: (SerinConfig | Error)[];
let unsettled: boolean;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'serin-watch-'));
  seen = [];
  unsettled = false;
});

afterEach(() => {
  watcher?.close();
  rmSync(cwd, { recursive: true });
});

const watchFile = (): void => {
  watch(configSource(loadConfig({ env: {}, cwd })));
};

function watch(source: ConfigSource): void {
  watcher = new ConfigWatcher(source, {
    changed: (config) => seen.push(config),
    invalid: (error) => seen.push(error as Error),
    unsettled: () => unsettled,
  });
}

const write = (content: string): void => {
  writeFileSync(join(cwd, 'serin.config.yaml'), content);
};

const last = (matches: (item: SerinConfig | Error) => boolean): Promise<void> =>
  vi.waitFor(() => {
    const item = seen.at(-1);
    if (item === undefined || !matches(item)) throw new Error('not yet');
  }, 4000); // less than the watcher's own poll of 5 s: it must have been told

describe('the watcher of the configuration file', () => {
  it('tells of a file that is written, replaced, removed and made', async () => {
    write('port: 3001');
    watchFile();
    write('port: 3002');
    await last((item) => 'port' in item && item.port === 3002);
    writeFileSync(join(cwd, 'new.yaml'), 'port: 3003');
    renameSync(join(cwd, 'new.yaml'), join(cwd, 'serin.config.yaml'));
    await last((item) => 'port' in item && item.port === 3003);
    rmSync(join(cwd, 'serin.config.yaml'));
    await last((item) => 'port' in item && item.port === 3000);
    write('port: 3004');
    await last((item) => 'port' in item && item.port === 3004);
  });

  it('tells of a file that appears where that of the package was used', async () => {
    const packageFolder = join(cwd, 'package');
    mkdirSync(packageFolder);
    writeFileSync(join(packageFolder, 'serin.config.yaml'), 'port: 4000');
    const source = configSource(loadConfig({ env: {}, cwd, packageFolder }));
    watch(source);
    expect([source.file, seen]).toEqual([join(cwd, 'serin.config.yaml'), []]);
    write('max_texts: 9');
    await last((item) => 'port' in item && item.port === 3000 && item.maxTexts === 9);
    rmSync(join(cwd, 'serin.config.yaml'));
    await last((item) => 'port' in item && item.port === 4000);
  });

  it('tells once why a file cannot be used, and not of one that says the same again', async () => {
    write('port: 3001');
    watchFile();
    write('port: none');
    await last((item) => item instanceof Error && /port .* is "none"/.test(item.message));
    const before = seen.length;
    write('port: none');
    write('port: 3001');
    await last((item) => 'port' in item && item.port === 3001);
    expect(seen.length).toBe(before + 1);
  });

  it('tells at once of what has changed between the loading and the watching', () => {
    const watchAfter = (first: string | null, changed: string | null): void => {
      watcher?.close();
      rmSync(join(cwd, 'serin.config.yaml'), { force: true });
      if (first !== null) write(first);
      const source = configSource(loadConfig({ env: {}, cwd }));
      if (changed === null) rmSync(join(cwd, 'serin.config.yaml'), { force: true });
      else write(changed);
      seen = [];
      watch(source);
    };
    watchAfter('port: 3001', 'port: 3002');
    expect(seen).toMatchObject([{ port: 3002 }]);
    watchAfter(null, 'port: 3003');
    expect(seen).toMatchObject([{ port: 3003 }]);
    watchAfter('port: 3001', null);
    expect(seen).toMatchObject([{ port: 3000 }]);
    watchAfter('port: 3001', 'port: none');
    expect(seen).toEqual([expect.objectContaining({ name: 'ConfigError' })]);
    for (const same of ['port: 3001', '\uFEFFport: 3001', null]) {
      watchAfter(same, same);
      expect(seen).toEqual([]);
    }
  });

  it('looks every five seconds, where nobody tells of changes, and says the same thing once, unless it is to be told again', () => {
    write('port: 3001');
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
    try {
      watchFile();
      vi.advanceTimersByTime(20_000);
      expect(seen).toEqual([]);
      write('port: 3002');
      vi.advanceTimersByTime(20_000);
      expect(seen).toMatchObject([{ port: 3002 }]);
      unsettled = true;
      vi.advanceTimersByTime(5000);
      expect(seen).toMatchObject([{ port: 3002 }, { port: 3002 }]);
      unsettled = false;
      vi.advanceTimersByTime(20_000);
      expect(seen).toHaveLength(2);
    } finally {
      watcher?.close();
      vi.useRealTimers();
    }
  });

  it('sees what a mounted ConfigMap does: a link beside the file is swapped', async () => {
    for (const [name, port] of Object.entries({ '..a': 3001, '..b': 3002 })) {
      mkdirSync(join(cwd, name));
      writeFileSync(join(cwd, name, 'serin.config.yaml'), `port: ${port}`);
    }
    symlinkSync('..a', join(cwd, '..data'));
    symlinkSync(join('..data', 'serin.config.yaml'), join(cwd, 'serin.config.yaml'));
    watchFile();
    symlinkSync('..b', join(cwd, '..data_tmp'));
    renameSync(join(cwd, '..data_tmp'), join(cwd, '..data'));
    await last((item) => 'port' in item && item.port === 3002);
  });
});
