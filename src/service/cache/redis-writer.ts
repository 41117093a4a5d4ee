import type { RedisConnection } from '../redis/redis-connection.js';
import { writeRefusalOf } from '../../base/redis/write-refusal.js';
import { redisKey } from './redis-key.js';
import { taskOf } from '../../engine/tasks/table.js';
import { type CacheEntry, inScope, type PurgeScope } from './second-level.js';

/**
 * Most entries that wait for Redis. Further entries are dropped: a cache may lose entries, but its queue must not grow
 * without limit.
 */
const MAX_BACKLOG = 1_000;

/** Entries that are written at once. A look-up that is sent after them waits less than a millisecond. */
const BATCH = 64;

/** Entries that were written together must not expire together: each lives up to 10 % shorter. */
const TTL_JITTER = 0.1;

/**
 * Why an entry was not written. `unfit`: the entry is too large, or could not be read back; `refused`: the server is
 * full or read-only.
 */
export type DropReason = 'backlog' | 'failed' | 'refused' | 'unfit';

/** Writes entries in batches after the requests have been answered, and drops the entries that it cannot write. */
export class RedisWriter {
  private backlog: CacheEntry[] = [];
  private isDraining = false;

  constructor(
    private readonly redis: Pick<RedisConnection, 'send'>,
    private readonly ttlMs: number,
    private readonly onDrop: (reason: DropReason, entries: number) => void,
  ) {}

  add(entries: readonly CacheEntry[]): void {
    const room = Math.min(entries.length, MAX_BACKLOG - this.backlog.length);
    this.backlog.push(...entries.slice(0, room));
    if (room < entries.length) this.onDrop('backlog', entries.length - room);
    if (!this.isDraining) void this.drain();
  }

  /** Removes waiting entries in scope. Entries already sent reach Redis before any command that is sent now. */
  forget(scope: PurgeScope): void {
    this.backlog = this.backlog.filter(({ key }) => !inScope(key, scope));
  }

  private async drain(): Promise<void> {
    this.isDraining = true;
    // Wait for the next turn of the event loop: this one answers the request.
    await new Promise(setImmediate);
    while (this.backlog.length > 0) {
      const batch = this.backlog.splice(0, BATCH);
      await Promise.all(batch.map((entry) => this.write(entry)));
    }
    this.isDraining = false;
  }

  private async write({ key, answer }: CacheEntry): Promise<void> {
    const value = taskOf(key.version).codec.encode(answer);
    if (value === null) {
      this.onDrop('unfit', 1);
      return;
    }
    const ttlMs = Math.max(1, Math.round(this.ttlMs * (1 - TTL_JITTER * Math.random())));
    try {
      await this.redis.send(['SET', redisKey(key), value, 'PX', String(ttlMs)]);
    } catch (error) {
      this.onDrop(writeRefusalOf(error) === null ? 'failed' : 'refused', 1);
    }
  }
}
