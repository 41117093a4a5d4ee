import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { entryBytes } from '../../../../src/engine/tasks/entry-bytes.js';
import { LABEL_CODEC } from '../../../../src/engine/tasks/label-codec.js';
import type { RemovalReason } from '../../../../src/service/cache/lru-store.js';
import { MemoryLevel, type MemoryLevelOptions } from '../../../../src/service/cache/memory-level.js';
import type { CacheEntry } from '../../../../src/service/cache/second-level.js';
import { labelVersion } from '../../../support/label-versions.js';

const VERSION = labelVersion();

const entry = (n: number, { version = VERSION, labels = 2 } = {}): CacheEntry => ({
  key: { id: n.toString(16).padStart(64, '0'), version },
  answer: { value: { scores: new Array<number>(labels).fill(0.5) }, tokens: n, truncated: false },
});

const removed: RemovalReason[] = [];
const levelOf = (options: Partial<MemoryLevelOptions> = {}): MemoryLevel =>
  new MemoryLevel({
    maxItems: 100,
    maxBytes: 1e6,
    ttlMs: 60_000,
    onRemoved: (reason) => removed.push(reason),
    ...options,
  });

async function filled(count: number, options: Partial<MemoryLevelOptions> = {}): Promise<MemoryLevel> {
  const level = levelOf(options);
  for (let n = 0; n < count; n++) await level.set(entry(n));
  return level;
}

const has = async (level: MemoryLevel, n: number): Promise<boolean> =>
  (await level.get(entry(n).key)) !== undefined;

beforeEach(() => {
  removed.length = 0;
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('the cache in memory', () => {
  it('gives back the very row that it was given, one by one and many at once', async () => {
    const level = levelOf();
    const kept = entry(1);
    await level.set(kept);
    expect(await level.get(kept.key)).toBe(kept.answer);
    expect(await level.getMany([entry(2).key, kept.key])).toEqual([undefined, kept.answer]);
    expect((await level.getMany([kept.key]))[0]).toBe(kept.answer);
    expect({ entries: level.entries, bytes: level.bytes }).toEqual({
      entries: 1,
      bytes: entryBytes(LABEL_CODEC, kept.answer.value),
    });
  });

  it('finds an entry as soon as set resolves', async () => {
    const level = levelOf();
    await level.set(entry(1));
    expect(await has(level, 1)).toBe(true);
  });

  it('evicts what was asked for least recently when there are too many', async () => {
    const level = await filled(3, { maxItems: 3 });
    await level.get(entry(0).key);
    await level.set(entry(3));
    expect(await Promise.all([0, 1, 2, 3].map((n) => has(level, n)))).toEqual([true, false, true, true]);
    expect(removed).toEqual(['evicted']);
  });

  it('evicts when the entries are too large together, and keeps none that is too large alone', async () => {
    const level = await filled(3, { maxBytes: 3 * entryBytes(LABEL_CODEC, entry(0).answer.value) });
    expect(level.entries).toBe(3);
    await level.set(entry(3));
    expect(level.entries).toBe(3);
    expect(await has(level, 0)).toBe(false);
    await level.set(entry(4, { labels: 1_000 }));
    expect(await has(level, 4)).toBe(false);
    expect(level.entries).toBe(3);
    expect(removed).toEqual(['evicted']);
  });

  it('lets an entry expire within a tenth of its time, and not all at once', async () => {
    let clock = 1_000;
    vi.spyOn(performance, 'now').mockImplementation(() => clock);
    const level = await filled(100, { ttlMs: 10_000 });
    clock += 8_990;
    const alive = async (): Promise<number> => {
      const rows = await level.getMany(Array.from({ length: 100 }, (_, n) => entry(n).key));
      return rows.filter((row) => row !== undefined).length;
    };
    expect(await alive()).toBe(100);
    clock += 1_010;
    const halfway = await alive();
    expect(halfway).toBeGreaterThan(20);
    expect(halfway).toBeLessThan(80);
    clock += 1_010;
    expect(await alive()).toBe(0);
    expect(removed).toEqual(new Array(100).fill('expired'));
  });

  it('replaces an entry, and counts that as no removal', async () => {
    const level = await filled(2);
    const replaced = { value: { scores: [1, 0] }, tokens: 9, truncated: true };
    await level.set({ ...entry(1), answer: replaced });
    expect(await level.get(entry(1).key)).toBe(replaced);
    expect(level.entries).toBe(2);
    expect(removed).toEqual([]);
  });

  it('forgets what a purge names, and nothing else', async () => {
    const level = levelOf();
    await level.set(entry(1, { version: labelVersion({ model: 'a', digest: 'd1' }) }));
    await level.set(entry(2, { version: labelVersion({ model: 'a', digest: 'd2' }) }));
    await level.set(entry(3, { version: labelVersion({ model: 'b', digest: 'd3' }) }));
    expect(level.purge({ versionDigest: 'd1' })).toBe(1);
    expect(await has(level, 2)).toBe(true);
    expect(level.purge({ model: 'a' })).toBe(1);
    expect(await has(level, 3)).toBe(true);
    expect(level.purge({ model: 'b', versionDigest: 'd1' })).toBe(0);
    expect(level.purge({})).toBe(1);
    expect({ entries: level.entries, bytes: level.bytes }).toEqual({ entries: 0, bytes: 0 });
    expect(removed).toEqual(['purged', 'purged', 'purged']);
  });
});

describe('the estimated size of an entry', () => {
  it('is near what the heap grows by', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const count = 20_000;
    const heapBytes = (): number => {
      gc();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    await filled(100);
    const before = heapBytes();
    const level = levelOf({ maxItems: count, maxBytes: 1e9 });
    for (let n = 0; n < count; n++) {
      // As a worker's answer and a hash are made: nothing in them is shared with another entry.
      const id = createHash('sha256').update(String(n)).digest('hex');
      const scores = [n / count, 1 - n / count];
      await level.set({
        key: { ...entry(n).key, id },
        answer: { value: { scores }, tokens: n, truncated: false },
      });
    }
    const perEntry = (heapBytes() - before) / count;
    expect(level.entries).toBe(count);
    expect(perEntry).toBeGreaterThan(0.7 * entryBytes(LABEL_CODEC, entry(0).answer.value));
    expect(perEntry).toBeLessThan(1.1 * entryBytes(LABEL_CODEC, entry(0).answer.value));
  });
});
