import { EventEmitter } from 'node:events';
import type { KeyvStoreAdapter, StoredData } from 'keyv';
import { LRUCache } from 'lru-cache';
import { entryBytes } from '../../engine/tasks/entry-bytes.js';
import { taskOf } from '../../engine/tasks/table.js';
import { inScope, type CacheEntry, type PurgeScope } from './second-level.js';

/** Why an entry has gone: for want of room, by age, or because it was told to. */
export type RemovalReason = 'evicted' | 'expired' | 'purged';

export interface LruStoreOptions {
  readonly maxItems: number;
  /** Of all entries together, by {@link entryBytes}. */
  readonly maxBytes: number;
  readonly onRemoved: (reason: RemovalReason) => void;
}

/** What Keyv hands to a store. Its own time of expiry is not kept: one clock decides, that of the LRU. */
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
      // Read the clock at each look-up: by default a timer per millisecond saves that, and costs more.
      ttlResolution: 0,
      sizeCalculation: ({ value }) => entryBytes(taskOf(value.key.version).codec, value.answer.value),
      dispose: (_value, _key, reason) => {
        if (reason === 'evict') onRemoved('evicted');
        else if (reason === 'expire') onRemoved('expired');
        else if (reason === 'delete') onRemoved('purged');
      },
    });
  }

  /** Expired entries that nobody has asked for since count until they are evicted. */
  get entries(): number {
    return this.lru.size;
  }

  get bytes(): number {
    return this.lru.calculatedSize;
  }

  /** Removes the entries in scope and returns how many there were. Looks at each: a purge is rare. */
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
