import type { RedisConnection } from '../../redis/redis-connection.js';
import { redisScript } from '../../redis/redis-script.js';
import { LEASE_KEY } from './shared-keys.js';

/** Lifetime of a lease. Another replica takes over a lost replica's lease after this time and one more renewal. */
const LEASE_MS = 3_000;

const isOne = (reply: unknown): boolean => reply === 1;

/** KEYS: lease. ARGV: name of the replica, ms. */
const TAKE = redisScript(
  `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`,
  isOne,
);

const GIVE_BACK = redisScript(
  `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`,
  isOne,
);

/**
 * The right to decide for all replicas, for a few seconds at a time. It normally keeps two replicas from deciding at
 * once, but is no guarantee: a holder that was stopped and resumed still believes in its lease, and then its move fails
 * because the revision has changed.
 */
export class RolloutLease {
  private heldUntil = 0;

  constructor(
    private readonly redis: RedisConnection,
    private readonly name: string,
  ) {}

  get isHeld(): boolean {
    return performance.now() < this.heldUntil;
  }

  /** Takes a free lease, or extends our own. @throws Error when Redis is away; the lease then expires */
  async renew(): Promise<void> {
    // Take the time before the call: the server starts counting later, so our lease ends first.
    const askedAt = performance.now();
    const isOurs = await this.redis.run(TAKE, [LEASE_KEY], [this.name, String(LEASE_MS)]);
    this.heldUntil = isOurs ? askedAt + LEASE_MS : 0;
  }

  /** Gives the lease back so that the next replica need not wait until it expires. */
  async giveBack(): Promise<void> {
    if (!this.isHeld) return;
    this.heldUntil = 0;
    await this.redis.run(GIVE_BACK, [LEASE_KEY], [this.name]).catch(() => false);
  }
}
