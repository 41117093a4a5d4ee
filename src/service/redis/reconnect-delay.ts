const FIRST_MS = 100;

/** An operator who has mended Redis does not want to wait longer than this for the service to notice. */
const LONGEST_MS = 5_000;

/**
 * How long to wait before the next attempt to connect: 100 ms, doubling up to 5 s, of which a random half is taken off
 * so that the replicas that lost a server together do not come back to it together.
 * @param failures attempts that failed in a row, at least 1.
 * @param random from 0 to 1.
 */
export function reconnectDelayMs(failures: number, random: number): number {
  const longestMs = Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
  return longestMs * (1 - random / 2);
}
