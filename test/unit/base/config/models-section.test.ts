import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../../src/base/config/load-config.js';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'serin-config-'));
});

afterEach(() => {
  rmSync(cwd, { recursive: true });
});

const ROLLOUT = 'rollout: { sentiment: { stable: v1 }, moderation: { stable: v1 } }';

function read(section: string): unknown {
  writeFileSync(join(cwd, 'serin.config.yaml'), `${ROLLOUT}\n${section}\n`);
  return loadConfig({ env: {}, cwd }).models;
}

const problemOf = (section: string): string => {
  try {
    read(section);
  } catch (error) {
    return (error as Error).message;
  }
  return 'no problem';
};

describe('the section that says when models are loaded', () => {
  it('may be absent, and an entry without load means the start', () => {
    expect(read('')).toEqual({});
    expect(read('models: { moderation: { load: first_use } }')).toEqual({
      moderation: { load: 'first_use' },
    });
    expect(read('models: { moderation: {} }')).toEqual({ moderation: { load: 'start' } });
  });

  it.each([
    ['models: moderation', /models .*"moderation": allowed is a map of models, such as \{ moderation/],
    ['models: { moderation: first_use }', /models\.moderation .*"first_use": allowed is a map such as/],
    ['models: { moderation: { load: later } }', /load .*"later": allowed is one of start, first_use/],
    [
      'models: { moderation: { laod: start } }',
      /models\.moderation\.laod .*unknown key\. Did you mean "load"\?/,
    ],
    [
      'models: { other: { load: start } }',
      /models\.other .*rollout names no version of this model .*sentiment, moderation/,
    ],
    [
      'models: { sentiment: { load: first_use } }',
      /load .*ready when its default model is: allowed is start/,
    ],
  ])('refuses %s', (section, sentence) => {
    expect(problemOf(section)).toMatch(sentence);
  });
});
