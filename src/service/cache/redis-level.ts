import type { RedisConnection } from '../redis/redis-connection.js';
import type { Answer } from '../../engine/tasks/task.js';
import { type BreakerState, RedisBreaker } from './redis-breaker.js';
import { purgePattern, redisKey } from './redis-key.js';
import { factsOf, taskOf } from '../../engine/tasks/table.js';
import { type DropReason, RedisWriter } from './redis-writer.js';
import type { CacheEntry, CacheKey, PurgeScope, SecondLevel } from './second-level.js';
import { TOO_LATE, within } from '../../base/within-deadline.js';

/**
 * A server in the same network answers in less than 1 ms, and the shortest inference takes about 5 ms: waiting longer
 * for the cache than for the computation would make the cache useless. This is a constant because a good value is hard
 * to find and a bad value is easy to set.
 */
const LOOKUP_DEADLINE_MS = 5;

/** Five failed look-ups cost their callers 25 ms in total; one second later one look-up tries again. */
const FAILURES_TO_OPEN = 5;
const OPEN_MS = 1_000;

/** Keys that one SCAN visits: about a millisecond of the server's time. */
const SCAN_COUNT = 1_000;

/** The result of a look-up. `refused`: the breaker was open; `away`: Redis was not connected. */
export type LookupOutcome = 'answered' | 'too_late' | 'failed' | 'refused' | 'away';

/** Receives the events of the level. */
export interface RedisLevelReports {
  /** @param waitedMs how long the caller waited; 0 when Redis was not asked */
  lookup(outcome: LookupOutcome, waitedMs: number): void;
  dropped(reason: DropReason | 'away', entries: number): void;
  breakerIs(state: BreakerState): void;
}

export interface RedisLevelOptions {
  /** Longest lifetime of an entry; each entry lives up to 10 % shorter. */
  readonly ttlMs: number;
}

/** The cache that all processes on one Redis share. */
export class RedisLevel implements SecondLevel {
  private readonly breaker: RedisBreaker;
  private readonly writer: RedisWriter;

  constructor(
    private readonly redis: Pick<RedisConnection, 'isUp' | 'refusal' | 'send'>,
    options: RedisLevelOptions,
    private readonly reports: RedisLevelReports,
  ) {
    this.breaker = new RedisBreaker({
      failuresToOpen: FAILURES_TO_OPEN,
      openMs: OPEN_MS,
      now: () => performance.now(),
      onChange: (state) => {
        reports.breakerIs(state);
      },
    });
    this.writer = new RedisWriter(redis, options.ttlMs, (reason, entries) => {
      reports.dropped(reason, entries);
    });
    reports.breakerIs('closed');
  }

  async get(keys: readonly CacheKey[]): Promise<readonly (Answer | undefined)[]> {
    const values = keys.length === 0 ? null : await this.lookUp(keys.map(redisKey));
    return keys.map(({ version }, i) => {
      const value = values?.[i];
      if (typeof value !== 'string') return undefined;
      return taskOf(version).codec.decode(value, factsOf(version));
    });
  }

  put(entries: readonly CacheEntry[]): void {
    if (this.redis.refusal !== null) this.reports.dropped('refused', entries.length);
    else if (!this.redis.isUp || this.breaker.state === 'open') this.reports.dropped('away', entries.length);
    else this.writer.add(entries);
  }

  /** Uses SCAN and UNLINK because neither blocks the server. */
  async purge(scope: PurgeScope): Promise<boolean> {
    this.writer.forget(scope);
    try {
      for (let cursor = ''; cursor !== '0';) {
        const reply = await this.redis.send([
          ...['SCAN', cursor || '0', 'MATCH', purgePattern(scope)],
          ...['COUNT', String(SCAN_COUNT)],
        ]);
        const [next, keys] = reply as [string, string[]];
        if (keys.length > 0) await this.redis.send(['UNLINK', ...keys]);
        cursor = next;
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Makes one round trip; null when Redis gave no usable reply in time. */
  private async lookUp(names: readonly string[]): Promise<readonly unknown[] | null> {
    const pass = this.redis.isUp ? this.breaker.pass() : null;
    if (pass === null) {
      this.reports.lookup(this.redis.isUp ? 'refused' : 'away', 0);
      return null;
    }
    const startedAt = performance.now();
    const ended = (outcome: LookupOutcome): void => {
      if (outcome === 'answered') this.breaker.succeeded(pass);
      else this.breaker.failed(pass);
      this.reports.lookup(outcome, performance.now() - startedAt);
    };
    try {
      const reply = await within(LOOKUP_DEADLINE_MS, this.redis.send(['MGET', ...names]));
      ended(reply === TOO_LATE ? 'too_late' : 'answered');
      return Array.isArray(reply) ? (reply as unknown[]) : null;
    } catch {
      ended('failed');
      return null;
    }
  }
}
