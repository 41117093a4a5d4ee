import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../../src/base/config/load-config.js';
import { adviseQueue } from '../../../../src/tools/tune/queue-limit.js';
import { checkSettingsFile, withSettings, writeSettings } from '../../../../src/tools/tune/write-config.js';

const SETTINGS = { workers: 4, threads_per_worker: 2, queue_limit: 900 };

describe('the queue limit', () => {
  const facts = { textsPerS: 1500, sloP95Ms: null, requestTimeoutMs: 2000, maxTexts: 256 };

  it("is what is answered in half of the deadline (Little's law)", () => {
    expect(adviseQueue(facts)).toMatchObject({ limit: 1500, fullQueueMs: 1000 });
  });

  it('is what is answered within the SLO', () => {
    expect(adviseQueue({ ...facts, sloP95Ms: 500 })).toMatchObject({ limit: 750, fullQueueMs: 500 });
  });

  it('is never less than two full batches, and says what would allow it', () => {
    const { limit, fullQueueMs, why } = adviseQueue({ ...facts, sloP95Ms: 100 });
    expect(limit).toBe(512);
    expect(fullQueueMs).toBeCloseTo(341.3, 1);
    expect(why).toMatch(/150 texts would take the 100 ms of the SLO.*MAX_TEXTS 75 would allow/);
  });
});

describe('the configuration file', () => {
  const FILE = `# Ours.
default_model: sentiment # the only one
workers: 2 # as many as cores

rollout:
  sentiment: { stable: v1, canary: v2, percent: 0 }
`;
  let folder: string;
  const file = (): string => join(folder, 'serin.config.yaml');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'serin-tune-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('keeps its comments, its order and its other keys', () => {
    const { text, changes } = withSettings(FILE, { ...SETTINGS, workers: 4 });
    expect(text).toBe(`${FILE.replace('workers: 2', 'workers: 4')}threads_per_worker: 2\nqueue_limit: 900\n`);
    expect(changes).toEqual([
      { key: 'workers', from: 2, to: 4 },
      { key: 'threads_per_worker', from: undefined, to: 2 },
      { key: 'queue_limit', from: undefined, to: 900 },
    ]);
  });

  it('is left alone, byte for byte, when it says so already', () => {
    const odd = `workers:   4\nthreads_per_worker: 2\nqueue_limit: 900`;
    expect(withSettings(odd, SETTINGS)).toEqual({ text: odd, changes: [] });
  });

  it('is one that the service accepts, also when there was none', async () => {
    for (const before of [undefined, FILE]) {
      if (before !== undefined) writeFileSync(file(), before);
      await writeSettings(file(), SETTINGS);
      const config = loadConfig({ cwd: folder, env: {} });
      expect(config).toMatchObject({ workers: 4, threadsPerWorker: 2, queueLimit: 900 });
      rmSync(file());
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that is a link stays one: the file that it leads to is written', async () => {
    mkdirSync(join(folder, 'real'));
    writeFileSync(join(folder, 'real/serin.yaml'), FILE);
    symlinkSync('real/serin.yaml', file());
    checkSettingsFile(file());
    await writeSettings(file(), SETTINGS);
    expect(readlinkSync(file())).toBe('real/serin.yaml');
    expect(readFileSync(join(folder, 'real/serin.yaml'), 'utf8')).toContain('queue_limit: 900');
  });

  it('with a name that is too long is refused before anything is measured', () => {
    for (const length of [250, 300]) {
      expect(() => {
        checkSettingsFile(join(folder, 'n'.repeat(length)));
      }).toThrow(/cannot be written: ENAMETOOLONG/);
    }
  });

  it('keeps its rights, and what is no YAML map is not touched', async () => {
    writeFileSync(file(), FILE);
    chmodSync(file(), 0o640);
    await writeSettings(file(), SETTINGS);
    expect(statSync(file()).mode & 0o777).toBe(0o640);
    for (const wrong of ['- a list\n', 'a: [', 'text\n']) {
      writeFileSync(file(), wrong);
      await expect(writeSettings(file(), SETTINGS)).rejects.toThrow(/cannot be written/);
      expect(readFileSync(file(), 'utf8')).toBe(wrong);
    }
  });
});
