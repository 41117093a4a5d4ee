import { createHash } from 'node:crypto';

/**
 * A Lua script that the server runs atomically, with the type of its result. Scripts are called by their hash
 * (EVALSHA); when a server does not know a script yet, its text is sent once.
 */
export interface RedisScript<T> {
  readonly lua: string;
  /** sha1 of `lua`, hexadecimal: Redis names scripts by it. */
  readonly sha1: string;
  /** Checks and converts the reply; throws when the reply has an unexpected form. */
  readonly read: (reply: unknown) => T;
}

/** @param lua reads its keys as KEYS[1…] and its arguments as ARGV[1…]; it may touch no other key. */
export const redisScript = <T>(lua: string, read: (reply: unknown) => T): RedisScript<T> => ({
  lua,
  sha1: createHash('sha1').update(lua).digest('hex'),
  read,
});
