const FIRST_MS = 100;

/** Longest wait: an operator who has repaired Redis should not wait longer for the service to reconnect. */
const LONGEST_MS = 5_000;

/**
 * How long to wait before the next attempt to connect: 100 ms, doubled for each failure up to 5 s, minus a random part
 * of up to half, so that replicas that lost a server together do not reconnect all at once.
 * @param failures attempts that failed in a row, at least 1
 * @param random from 0 to 1
 */
export function reconnectDelayMs(failures: number, random: number): number {
  const longestMs = Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
  return longestMs * (1 - random / 2);
}
