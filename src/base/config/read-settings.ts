import { resolve } from 'node:path';
import type { ConfigFile } from './config-file.js';
import type { ConfigProblem } from './config-error.js';
import {
  SETTINGS,
  SETTING_NAMES,
  fileKey,
  flagName,
  type Setting,
  type SettingName,
  type SettingValues,
} from './settings.js';
import { didYouMean } from './suggest.js';
import type { Reading } from './value-types.js';

/** Keys of the file that are not settings: which versions get the traffic, when they are loaded, and who may ask. */
const SECTIONS = ['default_model', 'rollout', 'models', 'clients'];

/** A value for a message: as it was written, and cut when it is long. */
export function shown(value: unknown): string {
  const written =
    value instanceof Map ? 'a map' : typeof value === 'number' ? String(value) : JSON.stringify(value);
  return written.length > 80 ? `${written.slice(0, 77)}...` : written;
}

/**
 * Receives one problem: the key, its value (undefined when there is none to show), and a message with the error and the
 * allowed values.
 */
export type Report = (key: string, value: unknown, message: string) => void;

/** Reports the problems of one file. */
export const reportTo =
  (file: ConfigFile, problems: ConfigProblem[]): Report =>
  (key, value, message) => {
    problems.push({ key, source: file.name, value: value === undefined ? null : shown(value), message });
  };

/** One source of settings: its names and values of settings. */
interface Source {
  readonly name: string;
  readonly folder: string;
  readonly label: (name: SettingName) => string;
  /** Undefined when the source does not set it. */
  readonly find: (name: SettingName) => unknown;
  readonly read: (setting: Setting<unknown>, value: unknown) => Reading<unknown>;
}

function readSource(source: Source, problems: ConfigProblem[]): SettingValues {
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const name of SETTING_NAMES) {
    const setting = SETTINGS[name] as Setting<unknown>;
    const found = source.find(name);
    if (found === undefined) continue;
    const reading = source.read(setting, found);
    if ('problem' in reading) {
      const value = setting.secret ? null : shown(found);
      problems.push({ key: source.label(name), source: source.name, value, message: reading.problem });
    } else {
      values[name] = setting.isPath ? resolve(source.folder, String(reading.value)) : reading.value;
    }
  }
  // Each value has the type of its own setting. TypeScript cannot infer that in the loop, but the table guarantees it.
  return values as SettingValues;
}

const fromText = (setting: Setting<unknown>, value: unknown): Reading<unknown> =>
  setting.type.fromText(String(value).trim());

/** Blank variables count as unset: that is what `PORT= serin serve` and an empty Kubernetes value mean. */
export function readEnvironment(
  env: NodeJS.ProcessEnv,
  cwd: string,
  problems: ConfigProblem[],
): SettingValues {
  return readSource(
    {
      name: 'environment',
      folder: cwd,
      label: (name) => name,
      find: (name) => (env[name]?.trim() ? env[name] : undefined),
      read: fromText,
    },
    problems,
  );
}

/** The values given on the command line, by setting. A blank value there is an error and does not count as unset. */
export type FlagValues = Readonly<Partial<Record<SettingName, string>>>;

export function readFlags(flags: FlagValues, cwd: string, problems: ConfigProblem[]): SettingValues {
  return readSource(
    {
      name: 'command line',
      folder: cwd,
      label: (name) => `--${flagName(name)}`,
      find: (name) => flags[name],
      read: fromText,
    },
    problems,
  );
}

/** The settings of the file; a key without a value (`port:`) counts as unset, an unknown key is a problem. */
export function readFileSettings(file: ConfigFile, problems: ConfigProblem[]): SettingValues {
  reportUnknownKeys(file, problems);
  return readSource(
    {
      name: file.name,
      folder: file.folder,
      label: fileKey,
      find: (name) => file.entries.get(fileKey(name)) ?? undefined,
      read: (setting, value) =>
        setting.notInFile === null ? setting.type.fromFile(value) : { problem: setting.notInFile },
    },
    problems,
  );
}

function reportUnknownKeys(file: ConfigFile, problems: ConfigProblem[]): void {
  const known = [
    ...SECTIONS,
    ...SETTING_NAMES.filter((name) => SETTINGS[name].notInFile === null).map(fileKey),
  ];
  const named = new Set([...known, ...SETTING_NAMES.map(fileKey)]);
  for (const key of file.entries.keys()) {
    if (typeof key === 'string' && named.has(key)) continue;
    // What follows a colon without a space is a value, which may be a secret: `{ admin_token:secret }`.
    const [name = '', value] = (typeof key === 'string' ? key : shown(key)).split(':', 2);
    const problem = value === undefined ? 'unknown key.' : 'a space is missing after the colon.';
    const message = `${problem}${didYouMean(name, known)} docs/configuration.md lists the keys`;
    problems.push({ key: name, source: file.name, value: null, message });
  }
}
