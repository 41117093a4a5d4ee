import { OwnService } from '../tools/bench/own-service.js';
import { childEnvironment } from '../base/config/child-environment.js';
import { loadConfig } from '../base/config/load-config.js';
import type { FlagValues } from '../base/config/read-settings.js';
import type { SerinConfig } from '../base/config/serin-config.js';
import { StartError } from '../base/errors/start-error.js';
import type { BenchFlags } from './bench-flags.js';

/** A service that is measured. */
export interface Contestant {
  readonly name: string;
  readonly url: string;
  /** Those it was started with; null: it ran already. */
  readonly settings: FlagValues | null;
  readonly stop: () => Promise<void>;
}

/** A service that is to be started. */
interface ServicePlan {
  readonly name: string;
  readonly settings: FlagValues;
  readonly env: NodeJS.ProcessEnv;
  readonly spareWorkers: number;
}

export interface CheckedSettings {
  /** None where one runs already. */
  readonly services: readonly ServicePlan[];
  /** Whether one of them has a Redis, which remembers the texts of earlier measurements. */
  readonly usesRedis: boolean;
  /** Of the first of them; of this place, where one runs already. Read when it is asked for. */
  readonly config: () => SerinConfig;
}

/**
 * The services to start, before any of them is started.
 * @throws ConfigError, StartError when a setting is wrong
 */
export function checkSettings({ url, setting = {}, versus }: BenchFlags, given: FlagValues): CheckedSettings {
  if (url !== undefined) {
    if (Object.keys(setting).length > 0)
      throw new StartError(
        '--setting is for a service that is started for the measurement: leave out --url.',
      );
    return { services: [], usesRedis: false, config: () => loadConfig({ flags: given }) };
  }
  const a = { ...given, ...setting };
  const plans = versus === undefined ? { service: a } : { A: a, B: { ...a, ...versus } };
  const checked = Object.entries(plans).map(([name, settings]) => {
    const config = loadConfig({ flags: settings, env: childEnvironment({}) });
    refuseForeignRedis(config, settings);
    const { spareWorkers } = config;
    return { plan: { name, settings, env: childEnvironment(settings), spareWorkers }, config };
  });
  const [first, second] = checked;
  if (first === undefined) throw new Error('nothing to start');
  if (second !== undefined) refuseSharedRedis(first.config, second.config);
  return {
    services: checked.map(({ plan }) => plan),
    usesRedis: checked.some(({ config }) => config.redisUrl !== null),
    config: () => first.config,
  };
}

/** A second service beside one that serves would share its rollout with it, and answer its texts from the load's. */
function refuseForeignRedis({ redisUrl }: SerinConfig, settings: FlagValues): void {
  if (redisUrl === null || settings.REDIS_URL !== undefined) return;
  throw new StartError(
    'The configuration file names a Redis, and a service that is started for a measurement would share rollout and cache with whoever uses it: name one for the measurement (--setting REDIS_URL=…), or measure the running service (--url).',
  );
}

/** If two services shared a cache, the second one of a round would answer with results of the first. */
function refuseSharedRedis({ redisUrl: a }: SerinConfig, { redisUrl: b }: SerinConfig): void {
  if (a === null || b === null || databaseOf(a) !== databaseOf(b)) return;
  throw new StartError(
    'A and B would share one Redis, and the second of each round would get the answers of the first from it: name another database or server for B (--versus REDIS_URL=…), or leave --setting REDIS_URL out.',
  );
}

/** The server and database of a Redis URL, without the user: `redis://h` is `redis://h:6379/0`. */
function databaseOf(redisUrl: string): string {
  const { hostname, port, pathname } = new URL(redisUrl);
  return `${hostname.toLowerCase()}:${port || '6379'}/${pathname.slice(1) || '0'}`;
}

/**
 * Starts them one after the other.
 * @param started receives the services that run, also when one of them does not start
 * @throws StartError, AbortError
 */
export async function startServices(
  started: Contestant[],
  plans: readonly ServicePlan[],
  { url }: BenchFlags,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (sentence: string) => void },
): Promise<void> {
  if (url !== undefined)
    started.push({ name: 'service', url, settings: null, stop: () => Promise.resolve() });
  for (const { name, settings, env, spareWorkers } of plans) {
    say(`starting ${name === 'service' ? 'a service' : `service ${name}`}`);
    const service = await OwnService.start({ name, env, spareWorkers, signal });
    started.push({ name, url: service.url, settings, stop: () => service.stop() });
  }
}
