import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { DEFAULT_URL, isServiceUrl, serviceUrlOf } from '../base/config/service-url.js';
import { StartError } from '../base/errors/start-error.js';
import { SIGNAL_ECHO_MS } from '../base/signal-echo.js';
import { EXIT_CODES } from './exit-codes.js';

/** Reads `--url`. @throws InvalidArgumentError */
export function serviceUrl(value: string): string {
  if (isServiceUrl(value)) return value;
  throw new InvalidArgumentError(`It must be an address such as ${DEFAULT_URL}.`);
}

/** Adds `--url`, which is SERIN_URL when it is left out: the action finds an address in its flags. */
export function addUrlFlag(command: Command): Command {
  const option = new Option(
    '--url <url>',
    `address of the running service (SERIN_URL; default: ${DEFAULT_URL})`,
  );
  return command.addOption(option.argParser(serviceUrl)).hook('preAction', () => {
    if (command.getOptionValue('url') === undefined) {
      command.setOptionValueWithSource('url', serviceUrlOf(), 'env');
    }
  });
}

/** Reads the file of `--api-key-file`; null when none is named. @throws StartError */
export function readApiKey(path: string | undefined): string | null {
  if (path === undefined) return null;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new StartError(`The API key cannot be read: ${(error as Error).message}`);
  }
}

/** A reader of whole numbers for commander. */
export function wholeNumber(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < min || number > max) {
      throw new InvalidArgumentError(`It must be a whole number, ${String(min)} to ${String(max)}.`);
    }
    return number;
  };
}

/** A reader of numbers for commander, both bounds among them. */
export function numberBetween(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() === '' || !(number >= least && number <= most)) {
      throw new InvalidArgumentError(`It must be a number, ${String(least)} to ${String(most)}.`);
    }
    return number;
  };
}

/**
 * A reader of numbers for commander.
 * @param min the least; undefined: anything above 0
 */
export function positiveNumber(max: number, min?: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() === '' || !(number > 0 && number >= (min ?? 0) && number <= max)) {
      const from = min === undefined ? 'above 0' : `of at least ${String(min)}`;
      throw new InvalidArgumentError(`It must be a number ${from}, at most ${String(max)}.`);
    }
    return number;
  };
}

/**
 * A signal that fires at the first SIGINT or SIGTERM, so that a command can end in order; a second one that is no echo of
 * the first ends the process at once, with its 'exit' event, on which half-made folders are removed.
 */
export function interruptionSignal(): AbortSignal {
  const interruption = new AbortController();
  let firstAt: number | undefined;
  const onSignal = (): void => {
    const now = performance.now();
    if (firstAt !== undefined && now - firstAt > SIGNAL_ECHO_MS) process.exit(EXIT_CODES.interrupted);
    firstAt ??= now;
    interruption.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  return interruption.signal;
}
