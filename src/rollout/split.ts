import { createHash } from 'node:crypto';

const BASIS_POINTS = 10_000;
const HASH_BYTES = 6;
const HASH_RANGE = 2 ** (8 * HASH_BYTES);

/**
 * The bucket of a key, from 0 to 9,999. The salt is the canary's digest, so that a client who was among the first to
 * get one canary is not also among the first for the next one.
 */
export function bucketOf(key: string, salt: string): number {
  const digest = createHash('sha256').update(salt).update('\n').update(key).digest();
  return Math.floor((digest.readUIntBE(0, HASH_BYTES) / HASH_RANGE) * BASIS_POINTS);
}

/**
 * Whether a key belongs to the canary's share. Sticky: the same key, salt and percent give the same answer in every
 * process. Monotone: a key that belongs to the share at some percent belongs to it at every higher percent.
 * @param percent 0 to 100, counted in hundredths.
 */
export function isInCanary(key: string, percent: number, salt: string): boolean {
  if (percent <= 0) return false;
  return percent >= 100 || bucketOf(key, salt) < Math.round(percent * (BASIS_POINTS / 100));
}
