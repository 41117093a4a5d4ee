import { EventEmitter } from 'node:events';
import type { KeyvStoreAdapter, StoredData } from 'keyv';
import { LRUCache } from 'lru-cache';
import { entryBytes } from '../../engine/tasks/entry-bytes.js';
import { taskOf } from '../../engine/tasks/table.js';
import { inScope, type CacheEntry, type PurgeScope } from './second-level.js';

/** Why an entry was removed: no room, too old, or purged. */
export type RemovalReason = 'evicted' | 'expired' | 'purged';

export interface LruStoreOptions {
  readonly maxItems: number;
  /** Limit for all entries together, as {@link entryBytes} counts. */
  readonly maxBytes: number;
  readonly onRemoved: (reason: RemovalReason) => void;
}

/** The value that Keyv gives to a store. Keyv's own expiry time is dropped: only the LRU's clock decides. */
interface Wrapped {
  readonly value: CacheEntry;
}

/** The entries in memory: Keyv's storage adapter over an LRU that is bounded by items, by bytes and by age. */
export class LruStore extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = {};
  readonly namespace = undefined;
  private readonly lru: LRUCache<string, Wrapped>;

  constructor({ maxItems, maxBytes, onRemoved }: LruStoreOptions) {
    super();
    this.lru = new LRUCache({
      max: maxItems,
      maxSize: maxBytes,
      // 0 reads the clock at each look-up. The default saves that with one timer per millisecond, which costs more.
      ttlResolution: 0,
      sizeCalculation: ({ value }) => entryBytes(taskOf(value.key.version).codec, value.answer.value),
      dispose: (_value, _key, reason) => {
        if (reason === 'evict') onRemoved('evicted');
        else if (reason === 'expire') onRemoved('expired');
        else if (reason === 'delete') onRemoved('purged');
      },
    });
  }

  /** Expired entries are counted until a look-up or an eviction removes them. */
  get entries(): number {
    return this.lru.size;
  }

  get bytes(): number {
    return this.lru.calculatedSize;
  }

  /**
   * Removes the entries in scope and returns their number. It visits every entry, which is acceptable because a purge
   * is rare.
   */
  purge(scope: PurgeScope): number {
    let purged = 0;
    for (const [id, { value }] of [...this.lru.entries()]) {
      if (inScope(value.key, scope) && this.lru.delete(id)) purged++;
    }
    return purged;
  }

  get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    return Promise.resolve(this.lru.get(key) as StoredData<Value> | undefined);
  }

  getMany<Value>(keys: string[]): Promise<StoredData<Value | undefined>[]> {
    return Promise.resolve(keys.map((key) => this.lru.get(key) as StoredData<Value | undefined>));
  }

  set(key: string, { value }: Wrapped, ttl: number): boolean {
    this.lru.set(key, { value }, { ttl });
    return true;
  }

  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.lru.delete(key));
  }

  clear(): Promise<void> {
    this.lru.clear();
    return Promise.resolve();
  }
}
