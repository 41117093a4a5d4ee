import { createCache, type Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import type { Answer } from '../../engine/tasks/task.js';
import { LruStore, type LruStoreOptions } from './lru-store.js';
import type { CacheEntry, CacheKey, PurgeScope } from './second-level.js';

/**
 * Each entry's lifetime varies by this fraction up or down, so that entries of one burst do not all expire, and are not
 * all computed again, at the same moment.
 */
const TTL_JITTER = 0.1;

export interface MemoryLevelOptions extends LruStoreOptions {
  readonly ttlMs: number;
}

/** The cache in this process: cache-manager over one store that keeps objects as they are. */
export class MemoryLevel {
  private readonly store: LruStore;
  private readonly cache: Cache;
  private readonly ttlMs: number;

  constructor(options: MemoryLevelOptions) {
    this.ttlMs = options.ttlMs;
    this.store = new LruStore(options);
    const keyv = new Keyv({ store: this.store, useKeyPrefix: false });
    keyv.serialize = undefined;
    keyv.deserialize = undefined;
    this.cache = createCache({ stores: [keyv] });
  }

  get entries(): number {
    return this.store.entries;
  }

  /** Estimated heap bytes of the entries. */
  get bytes(): number {
    return this.store.bytes;
  }

  async get(key: CacheKey): Promise<Answer | undefined> {
    return (await this.cache.get<CacheEntry>(key.id))?.answer;
  }

  /** The answers in the order of the keys; undefined for a key without an entry. */
  async getMany(keys: readonly CacheKey[]): Promise<(Answer | undefined)[]> {
    const entries = await this.cache.mget<CacheEntry>(keys.map(({ id }) => id));
    return entries.map((entry) => entry?.answer);
  }

  /** Resolves once a look-up finds the entry. */
  async set(entry: CacheEntry): Promise<void> {
    const jitter = 1 + TTL_JITTER * (2 * Math.random() - 1);
    await this.cache.set(entry.key.id, entry, Math.max(1, Math.round(this.ttlMs * jitter)));
  }

  /** Removes the entries in scope and returns their number. */
  purge(scope: PurgeScope): number {
    return this.store.purge(scope);
  }
}
