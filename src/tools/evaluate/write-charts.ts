import { accessSync, constants, mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeReason } from '../../base/files/write-error.js';
import { StartError } from '../../base/errors/start-error.js';
import { renderLatency } from './latency-svg.js';
import { renderReliability } from './reliability-svg.js';
import type { EvaluationReport } from './evaluation-report.js';

const unwritable = (folder: string, error: unknown): StartError =>
  new StartError(`The charts cannot be written to ${folder}: ${writeReason(error)}.`, { cause: error });

/** Makes the folder before anything is measured. @throws StartError when it cannot be made or written to */
export function prepareCharts(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/**
 * Writes reliability.svg and latency.svg into a folder that is there.
 * @returns the paths
 * @throws StartError when they cannot be written
 */
export async function writeCharts(
  folder: string,
  { candidate, against }: EvaluationReport,
): Promise<string[]> {
  const versions = against === null ? [candidate] : [candidate, against];
  const charts = {
    'reliability.svg': renderReliability(versions),
    'latency.svg': renderLatency(versions),
  };
  try {
    for (const [name, svg] of Object.entries(charts)) await writeFile(join(folder, name), svg);
  } catch (error) {
    throw unwritable(folder, error);
  }
  return Object.keys(charts).map((name) => join(folder, name));
}
