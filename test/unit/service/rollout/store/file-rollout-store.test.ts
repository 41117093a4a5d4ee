import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RolloutDocument } from '../../../../../src/rollout/rollout-types.js';
import { writeSealed } from '../../../../../src/base/files/sealed-file.js';
import { RolloutEvidence } from '../../../../../src/rollout/evidence/rollout-evidence.js';
import { rollBack } from '../../../../../src/rollout/rollout-machine.js';
import { begun, by, done } from '../../../rollout/documents.js';
import { FileRolloutStore } from '../../../../../src/service/rollout/store/file-rollout-store.js';
import { takeLock, type OutputLock } from '../../../../../src/base/files/output-lock.js';

let stateDir: string;
let lock: OutputLock;
const said: string[] = [];

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'serin-store-'));
  mkdirSync(join(stateDir, 'rollout'));
  lock = takeLock(join(stateDir, 'rollout', '.lock'));
  for (const level of ['warn', 'error'] as const) {
    vi.spyOn(Logger.prototype, level).mockImplementation((sentence: string) => {
      said.push(`${level}: ${sentence}`);
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  lock.release();
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

describe('a process that stood still for so long that another one leads', () => {
  const OTHERS = JSON.stringify({ pid: 17, started: '', scope: 'another container', token: 'theirs' });
  const at = (name: string): string => join(stateDir, 'rollout', name);
  const running: RolloutDocument = { ...begun(), revision: 1 };
  const rolledBack: RolloutDocument = { ...done(rollBack(running, by('admin'))), revision: 2 };
  let store: FileRolloutStore;

  beforeEach(async () => {
    lock.release();
    store = new FileRolloutStore(stateDir, 'state');
    expect(await store.compareAndSet(running, null)).toEqual({ kind: 'saved' });
    said.length = 0;
  });
  afterEach(() => store.close());

  /** As a second process takes an abandoned lock, and rolls back. */
  async function takeOver(): Promise<void> {
    writeFileSync(at('.lock.new'), OTHERS);
    renameSync(at('.lock.new'), at('.lock'));
    await writeSealed(at('sentiment.json'), rolledBack);
  }

  it('writes nothing over what that one has decided, and follows it', async () => {
    const heard: RolloutDocument[] = [];
    store.onChange((document) => heard.push(document));
    await takeOver();
    const moved = { ...running, revision: 2, percent: 50 };
    expect(await store.compareAndSet(moved, 1)).toEqual({
      kind: 'refused',
      reason: expect.stringMatching(/^STATE_DIR is in use by process 17: .*cannot move them/) as string,
    });
    expect(store.leads()).toBe(false);
    expect(heard).toEqual([rolledBack]);
    expect((await store.load('sentiment')).document).toEqual(rolledBack);
    expect(store.problem()).toMatch(/in use by process 17/);
    expect(said).toEqual([expect.stringMatching(/^error: STATE_DIR is in use by process 17/)]);
    await store.close();
    expect(readFileSync(at('.lock'), 'utf8')).toBe(OTHERS);
    expect(readdirSync(join(stateDir, 'rollout')).sort()).toEqual(['.lock', 'sentiment.json']);
  });

  it('keeps no evidence there either', async () => {
    await takeOver();
    const { document, seen } = {
      document: new RolloutEvidence(0, false).toDocument(),
      seen: Buffer.alloc(0),
    };
    await store.saveEvidence('sentiment', 'r', { document, seen });
    expect(readdirSync(join(stateDir, 'rollout'))).not.toContain('sentiment.evidence.json');
    expect(store.leads()).toBe(false);
  });

  it('finds out without having anything to write, and leads again once the other one has ended', async () => {
    await takeOver();
    await vi.waitUntil(() => !store.leads(), { timeout: 5000 });
    rmSync(at('.lock'));
    await vi.waitUntil(() => store.leads(), { timeout: 5000 });
    expect(store.problem()).toBeNull();
    const cleared = { ...rolledBack, revision: 3 };
    expect(await store.compareAndSet(cleared, 2)).toEqual({ kind: 'saved' });
  });
});
