import { reasonOf, RedisSession } from '../../base/redis/redis-session.js';
import { WRITE_PROBE, type WriteRefusal, writeRefusalOf } from '../../base/redis/write-refusal.js';
import { fail, note, ok, warn, type Finding } from './finding.js';

/** The first release that speaks RESP3. */
const LEAST_VERSION = 6;

/** More than this, and the leases of two processes overlap. */
const CLOCK_MS = 1000;

/** The facts that a Redis server reports about itself. */
export interface RedisFacts {
  readonly version: string;
  readonly maxMemoryBytes: number;
  readonly policy: string;
  readonly appendOnly: boolean;
  /** Its clock less this machine's. */
  readonly aheadMs: number;
  /** Why it takes no writes; null when it took one. */
  readonly refusal: WriteRefusal | null;
}

/** The fields of an INFO reply. */
export function parseInfo(info: string): ReadonlyMap<string, string> {
  const lines = info.split(/\r?\n/).filter((line) => /^[a-z]/i.test(line) && line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

export function judgeRedis(facts: RedisFacts): Finding[] {
  const { version, maxMemoryBytes, policy, appendOnly, aheadMs, refusal } = facts;
  const findings = [ok('redis', `Redis ${version} answers`)];
  if (Number.parseInt(version, 10) < LEAST_VERSION) {
    return [
      fail('redis', `Redis ${version} does not speak RESP3`, `upgrade it to ${LEAST_VERSION} or later`),
    ];
  }
  if (refusal !== null) findings.push(fail('redis', `it ${refusal.state}`, refusal.advice));
  if (maxMemoryBytes > 0 && policy.startsWith('allkeys-')) {
    const found = `maxmemory-policy is ${policy}: when its memory is full, Redis may throw away the state of rollouts`;
    findings.push(
      fail('redis', found, 'set maxmemory-policy volatile-lru: what is cached has a time to live'),
    );
  } else if (policy.startsWith('allkeys-')) {
    const found = `maxmemory-policy is ${policy}, without effect while maxmemory is 0`;
    findings.push(note('redis', found, 'set volatile-lru before you set maxmemory'));
  }
  if (maxMemoryBytes === 0)
    findings.push(note('redis', 'maxmemory is 0: the cache grows until its time to live ends it'));
  if (!appendOnly) {
    const found = 'appendonly is off: a crash of Redis loses the last moves of a rollout';
    findings.push(warn('redis', found, 'set appendonly yes'));
  }
  if (Math.abs(aheadMs) > CLOCK_MS) {
    const found = `its clock is ${(aheadMs / 1000).toFixed(1)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`;
    findings.push(warn('redis', found, 'synchronise the clocks of both machines'));
  }
  return findings;
}

/**
 * Asks the server of REDIS_URL; waits at most 2 s for its answer. The finding shows the address without the
 * password.
 */
export async function checkRedis(redisUrl: string | null): Promise<Finding[]> {
  if (redisUrl === null)
    return [ok('redis', 'REDIS_URL is unset: state is kept in STATE_DIR, for one process')];
  const address = new URL(redisUrl).host;
  const session = new RedisSession(redisUrl);
  try {
    await session.open();
    const sentAt = Date.now();
    const [info, time, refusal] = await Promise.all([
      session.send(['INFO']),
      session.send(['TIME']),
      session.send(WRITE_PROBE).then(() => null, writeRefusalOf),
    ]);
    const middle = (sentAt + Date.now()) / 2;
    const fields = parseInfo(String(info));
    const [seconds, micros] = (Array.isArray(time) ? time : []).map(Number);
    return judgeRedis({
      version: fields.get('redis_version') ?? 'unknown',
      maxMemoryBytes: Number(fields.get('maxmemory') ?? 0),
      policy: fields.get('maxmemory_policy') ?? 'unknown',
      appendOnly: fields.get('aof_enabled') === '1',
      refusal,
      aheadMs: seconds === undefined ? 0 : seconds * 1000 + (micros ?? 0) / 1000 - middle,
    });
  } catch (error) {
    const todo =
      'start it, or correct REDIS_URL; the service would start without it, each process with a state of its own';
    return [fail('redis', `${address}: ${reasonOf(error)}`, todo)];
  } finally {
    session.close('the check is done');
  }
}
