import type { FlagValues } from './read-settings.js';
import type { SettingName } from './settings.js';

/**
 * Of the environment these concern the one service that they were set for: who may ask it and how often, where it
 * listens, whom it shares state with.
 */
const OF_ONE_SERVICE: readonly SettingName[] = [
  'HOST',
  'PORT',
  'STATE_DIR',
  'REDIS_URL',
  'API_KEYS',
  'ADMIN_TOKEN',
  'RATE_LIMIT_PER_S',
  'RATE_LIMIT_BURST',
  'TRUST_PROXY',
];

/**
 * The environment for a second service beside the one that the environment is for: without what is that one's own,
 * and with these settings.
 */
export function childEnvironment(settings: FlagValues, env = process.env): NodeJS.ProcessEnv {
  const left: readonly string[] = OF_ONE_SERVICE;
  const kept = Object.entries(env).filter(([name]) => !left.includes(name));
  return { ...Object.fromEntries(kept), ...settings };
}
