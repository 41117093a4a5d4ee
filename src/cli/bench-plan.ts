import { loadsOf } from '../tools/bench/earlier-report.js';
import type { Plan } from '../tools/bench/measure-loads.js';
import type { BenchReport } from '../tools/bench/bench-report.js';
import { StartError } from '../base/errors/start-error.js';
import type { BenchFlags } from './bench-flags.js';

const DEFAULT_CONNECTIONS = [1, 8, 32];
const DEFAULT_SECONDS = 12;
const DEFAULT_ROUNDS = 6;
const DEFAULT_WARM_UP_SECONDS = 2;
/** Shorter slices than this hold hardly a request of a slow model. */
const LEAST_SLICE_S = 0.1;

/**
 * What is to be measured: what the flags say, else as the earlier report has it, so that both can be compared, else
 * the defaults.
 * @param usesRedis whether a service that is measured has a Redis
 * @throws StartError when the rounds are too short
 */
export function planOf(flags: BenchFlags, earlier: BenchReport | null, usesRedis: boolean): Plan {
  const loads = earlier === null ? null : loadsOf(earlier);
  const seconds = flags.seconds ?? earlier?.traffic.seconds ?? DEFAULT_SECONDS;
  const rounds = flags.rounds ?? earlier?.traffic.rounds ?? DEFAULT_ROUNDS;
  if (seconds / rounds < LEAST_SLICE_S) {
    throw new StartError(
      `${seconds} s in ${rounds} rounds are less than ${LEAST_SLICE_S} s each: give more --seconds, or fewer --rounds.`,
    );
  }
  const connections = flags.connections ?? loads?.connections ?? DEFAULT_CONNECTIONS;
  // A running service, and a Redis, may have been sent the texts of any fixed seed before, and would remember them.
  const remembers = flags.url !== undefined || usesRedis;
  return {
    connections: flags.closed ? connections : [],
    ratesPerS: flags.rate ?? loads?.ratesPerS ?? null,
    rounds,
    seconds,
    warmUpSeconds: flags.warmUp ?? earlier?.traffic.warm_up_seconds ?? DEFAULT_WARM_UP_SECONDS,
    seed: flags.seed ?? (remembers ? Date.now() % 2 ** 32 : 1),
  };
}
