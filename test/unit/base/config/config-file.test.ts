import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSource, loadConfig } from '../../../../src/base/config/load-config.js';
import type { SerinConfig } from '../../../../src/base/config/serin-config.js';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'serin-config-file-'));
});

afterEach(() => {
  rmSync(cwd, { recursive: true });
});

describe('a configuration file', () => {
  const load = (content: string): SerinConfig => {
    writeFileSync(join(cwd, 'serin.config.yaml'), content);
    return loadConfig({ env: {}, cwd });
  };

  it('without any content is refused, at a start too; comments alone are a file without settings', () => {
    for (const content of ['', ' \n\n']) {
      expect(() => load(content)).toThrow('the file is empty: write its settings again, or remove it');
    }
    expect(load('# nothing yet\n').port).toBe(3000);
  });

  it('states what is written out, null and aliases too, and no key with nothing behind it', () => {
    const { states } = configSource(
      load('max_texts: 9\nport:\nrollout:\n  sentiment: &it { stable: v1, canary: null }\n  other: *it\n'),
    );
    expect(states('rollout')).toBe(true);
    expect(states('rollout', 'sentiment', 'canary')).toBe(true);
    expect(states('rollout', 'other', 'canary')).toBe(true);
    expect(states('rollout', 'other', 'percent')).toBe(false);
    expect(states('port')).toBe(false);
    expect(states('max_texts', 'canary')).toBe(false);
  });
});
