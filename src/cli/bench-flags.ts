import { InvalidArgumentError } from 'commander';
import type { FlagValues } from '../base/config/read-settings.js';
import { SETTING_NAMES, type SettingName } from '../base/config/settings.js';
import { didYouMean } from '../base/config/suggest.js';

/** As commander has checked them. */
export interface BenchFlags {
  readonly url?: string | undefined;
  readonly rate?: readonly number[];
  readonly connections?: readonly number[];
  /** False: `--no-closed`. */
  readonly closed: boolean;
  readonly seconds?: number;
  readonly rounds?: number;
  readonly warmUp?: number;
  /** Per cent. */
  readonly hits: number;
  readonly lengths: string;
  readonly textField: string;
  readonly model?: string;
  readonly modelVersion?: string;
  readonly seed?: number;
  readonly setting?: FlagValues;
  readonly versus?: FlagValues;
  readonly against?: string;
  readonly apiKeyFile?: string;
  readonly out?: string;
  readonly json?: true;
}

/**
 * A reader of `1,8,32` for commander; given again, the numbers are added.
 * @param read reads one of them
 */
export function listOf(
  read: (value: string) => number,
): (value: string, before: readonly number[] | undefined) => number[] {
  return (value, before = []) => [
    ...new Set([...before, ...value.split(',').map((part) => read(part.trim()))]),
  ];
}

/** Settings that cannot be given to a service started for a measurement: it has its own port and state. */
const OWN: readonly string[] = ['HOST', 'PORT', 'STATE_DIR'] satisfies SettingName[];

/** Reads one `NAME=VALUE`, and adds it to those before. @throws InvalidArgumentError */
export function settingValue(value: string, before: FlagValues | undefined): FlagValues {
  const at = value.indexOf('=');
  const name = value.slice(0, Math.max(0, at));
  if (at < 1 || value.length === at + 1)
    throw new InvalidArgumentError('It must be NAME=VALUE, such as WORKERS=2.');
  if (OWN.includes(name)) throw new InvalidArgumentError(`${name} is chosen by the measurement.`);
  if (!(SETTING_NAMES as readonly string[]).includes(name)) {
    throw new InvalidArgumentError(
      `There is no setting ${name}.${didYouMean(name, SETTING_NAMES)} docs/configuration.md lists them.`,
    );
  }
  return { ...before, [name]: value.slice(at + 1) };
}

/** Reads a share in per cent, 0 to 100. @throws InvalidArgumentError */
export function percent(value: string): number {
  const number = Number(value);
  if (!/^\d{1,3}(\.\d+)?$/.test(value) || number > 100)
    throw new InvalidArgumentError('It must be a number from 0 to 100.');
  return number;
}
