import type { FlagValues } from './read-settings.js';
import type { SettingName } from './settings.js';

/**
 * Environment variables that apply only to the service for which they were set: its clients and their rates, its
 * address, and the state that it shares.
 */
const OF_ONE_SERVICE: readonly SettingName[] = [
  'HOST',
  'PORT',
  'ADMIN_PORT',
  'CLOSED_ROUTES',
  'STATE_DIR',
  'REDIS_URL',
  'API_KEYS',
  'ADMIN_TOKEN',
  'RATE_LIMIT_PER_S',
  'RATE_LIMIT_BURST',
  'TRUST_PROXY',
];

/**
 * The environment for a second service on the same machine: this environment without the variables in OF_ONE_SERVICE,
 * and with the given settings.
 */
export function childEnvironment(settings: FlagValues, env = process.env): NodeJS.ProcessEnv {
  const left: readonly string[] = OF_ONE_SERVICE;
  const kept = Object.entries(env).filter(([name]) => !left.includes(name));
  return { ...Object.fromEntries(kept), ...settings };
}
