import { ConfigError, type ConfigProblem } from './config-error.js';
import { readEnvironment } from './read-settings.js';

/**
 * ADMIN_TOKEN of the environment, for commands that talk to a running service; null when it is unset. No other setting
 * is read: an urgent rollback must not fail because of a configuration file that is being edited.
 * @throws ConfigError when it is not a token
 */
export function adminTokenOf(env: NodeJS.ProcessEnv = process.env): string | null {
  const problems: ConfigProblem[] = [];
  const { ADMIN_TOKEN: token } = readEnvironment({ ADMIN_TOKEN: env.ADMIN_TOKEN }, '.', problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return token ?? null;
}
