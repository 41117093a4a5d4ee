import { createHash } from 'node:crypto';

/**
 * A Lua script that the server runs as one step, with the type of what it returns. Scripts are named by their hash
 * (EVALSHA); a server that does not know one yet is sent its text once.
 */
export interface RedisScript<T> {
  readonly lua: string;
  /** sha1 of `lua`, hexadecimal: how Redis names scripts. */
  readonly sha1: string;
  /** Checks and shapes what came back; throws when it is not what the script returns. */
  readonly read: (reply: unknown) => T;
}

/** @param lua reads its keys as KEYS[1…] and its arguments as ARGV[1…]; it may touch no other key. */
export const redisScript = <T>(lua: string, read: (reply: unknown) => T): RedisScript<T> => ({
  lua,
  sha1: createHash('sha1').update(lua).digest('hex'),
  read,
});
