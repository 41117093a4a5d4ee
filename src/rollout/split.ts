import { createHash } from 'node:crypto';

const BASIS_POINTS = 10_000;
const HASH_BYTES = 6;
const HASH_RANGE = 2 ** (8 * HASH_BYTES);

/**
 * Where a key lies between 0 and 9,999. The salt is the canary's digest: who was among the first for one
 * canary is not among the first for the next one too.
 */
export function bucketOf(key: string, salt: string): number {
  const digest = createHash('sha256').update(salt).update('\n').update(key).digest();
  return Math.floor((digest.readUIntBE(0, HASH_BYTES) / HASH_RANGE) * BASIS_POINTS);
}

/**
 * Whether a key belongs to the canary's share. Sticky: the same key, salt and percent give the same answer in
 * every process. Monotone: whoever is in at some percent is in at every higher one.
 * @param percent 0 to 100, counted in hundredths.
 */
export function isInCanary(key: string, percent: number, salt: string): boolean {
  if (percent <= 0) return false;
  return percent >= 100 || bucketOf(key, salt) < Math.round(percent * (BASIS_POINTS / 100));
}
