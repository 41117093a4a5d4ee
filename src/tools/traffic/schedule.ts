/** When each request is to be sent, milliseconds after the replay begins; the index is its place in the trace. */
export type Schedule = (index: number) => number;

/** Evenly spaced: `ratePerS` requests per second, whatever the service makes of them (an open loop). */
export function fixedRate(ratePerS: number): Schedule {
  return (index) => (index * 1000) / ratePerS;
}

/**
 * At the times of the trace.
 * @param speed 2 sends in half of the time
 */
export function recordedTimes(timesMs: Float64Array, speed: number): Schedule {
  return (index) => (timesMs[index] ?? 0) / speed;
}

/**
 * Arrivals of users who know nothing of each other: a Poisson process.
 * @param random numbers in [0, 1)
 * @returns milliseconds, ascending, all below `durationMs`
 */
export function poissonArrivals(ratePerS: number, durationMs: number, random: () => number): Float64Array {
  const times: number[] = [];
  const gap = (): number => (-1000 * Math.log(1 - random())) / ratePerS;
  for (let timeMs = gap(); timeMs < durationMs; timeMs += gap()) times.push(timeMs);
  return Float64Array.from(times);
}

/**
 * So many arrivals at random moments: a Poisson process of which the number of arrivals is known, so that each stretch
 * offers the same load as every other.
 * @param random numbers in [0, 1)
 * @returns milliseconds, ascending, from `fromMs` to below `toMs`
 */
export function randomArrivals(
  count: number,
  fromMs: number,
  toMs: number,
  random: () => number,
): Float64Array {
  return Float64Array.from({ length: count }, () => fromMs + random() * (toMs - fromMs)).sort();
}
