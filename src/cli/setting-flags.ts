import { Option, type Command } from 'commander';
import type { FlagValues } from '../base/config/read-settings.js';
import { SETTINGS, SETTING_NAMES, flagName, type SettingName } from '../base/config/settings.js';

const BOOLEANS: readonly SettingName[] = SETTING_NAMES.filter(
  (name) => typeof SETTINGS[name].default === 'boolean',
);

function optionOf(name: SettingName): Option {
  const { meaning, defaultText, secret, isPath } = SETTINGS[name];
  const isBoolean = BOOLEANS.includes(name);
  const warning = secret ? ' Other users of the machine can read it here: prefer the variable.' : '';
  const description = `${meaning}${warning} (${name}; default: ${defaultText})`;
  const option = new Option(
    `--${flagName(name)} ${isBoolean ? '[value]' : isPath ? '<path>' : '<value>'}`,
    description,
  );
  return isBoolean ? option.preset('true') : option;
}

/** Of a command that runs a version in worker processes. */
export const WORKER_SETTINGS: readonly SettingName[] = [
  'WORKERS',
  'THREADS_PER_WORKER',
  'WORKER_WATCHDOG_MS',
  'WORKER_MAX_RSS_BYTES',
];

/** Of a command that makes a version in one worker process. */
export const NEW_VERSION_SETTINGS: readonly SettingName[] = [
  'MODEL_REGISTRY',
  'STATE_DIR',
  'THREADS_PER_WORKER',
  'WORKER_WATCHDOG_MS',
  'WORKER_MAX_RSS_BYTES',
  'SERIN_CONFIG',
];

/** Gives the command one flag per setting and returns the reader of what was given. */
export function addSettingFlags(
  command: Command,
  names: readonly SettingName[] = SETTING_NAMES,
): () => FlagValues {
  const attributes = names.map((name) => {
    const option = optionOf(name);
    command.addOption(option);
    return [name, option.attributeName()] as const;
  });
  return () => {
    const given: Record<string, unknown> = command.opts();
    const set = attributes.filter(([, attribute]) => given[attribute] !== undefined);
    return Object.fromEntries(set.map(([name, attribute]) => [name, String(given[attribute])]));
  };
}
