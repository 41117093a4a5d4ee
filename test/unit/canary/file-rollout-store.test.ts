import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FileRolloutStore } from '../../../src/canary/file-rollout-store.js';
import { takeLock } from '../../../src/files/output-lock.js';

let stateDir: string;
let release: () => void;
const said: string[] = [];

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'serin-store-'));
  mkdirSync(join(stateDir, 'rollout'));
  release = takeLock(join(stateDir, 'rollout', '.lock'));
  for (const level of ['warn', 'error'] as const) {
    vi.spyOn(Logger.prototype, level).mockImplementation((sentence: string) => {
      said.push(`${level}: ${sentence}`);
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  release();
  rmSync(stateDir, { recursive: true });
});

it.each([
  ['state' as const, /^error: STATE_DIR is in use by process \d+: .*cannot move them.*or set REDIS_URL\.$/],
  // The state is in Redis then: rollouts can be moved, and REDIS_URL is set already.
  ['copy' as const, /^warn: STATE_DIR is in use by process \d+: .*in Redis all the same.*of its own\.$/],
])('a folder for a %s that another process holds is said to be what it is', async (use, sentence) => {
  said.length = 0;
  const store = new FileRolloutStore(stateDir, use);
  expect(said).toEqual([expect.stringMatching(sentence)]);
  expect(store.leads()).toBe(false);
  await store.close();
});
