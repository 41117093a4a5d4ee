import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { writeReason } from '../base/files/write-error.js';
import { StartError } from '../base/errors/start-error.js';
import type { ChosenSettings } from '../tools/tune/tune-report.js';
import { writeSettings } from '../tools/tune/write-config.js';
import { say } from './output.js';

/** Puts the settings into the configuration file, unless the measurement was cut short. @throws StartError */
export async function writeChoice(
  path: string,
  settings: ChosenSettings,
  { aborted }: AbortSignal,
): Promise<void> {
  if (aborted) {
    say(`${path} was not written: what was measured so far is not the whole`);
    return;
  }
  const changes = await writeSettings(path, settings);
  for (const { key, from, to } of changes) {
    say(`${path}: ${key} is ${to} now${from === undefined ? '' : `, it was ${JSON.stringify(from)}`}`);
  }
  if (changes.length === 0) say(`${path} says so already`);
}

const unwritableChart = (path: string, error: unknown): StartError =>
  new StartError(`The chart cannot be written to ${path}: ${writeReason(error)}.`, { cause: error });

/** Opens the file of the chart before anything is measured; nothing of it changes. @throws StartError */
export function checkChart(path: string): void {
  try {
    const isNew = !existsSync(path);
    closeSync(openSync(path, 'a'));
    if (isNew) rmSync(path);
  } catch (error) {
    throw unwritableChart(path, error);
  }
}

/** @throws StartError when it cannot be written */
export function writeChart(path: string, svg: string): void {
  try {
    writeFileSync(path, svg);
  } catch (error) {
    throw unwritableChart(path, error);
  }
}
