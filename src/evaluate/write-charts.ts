import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '../errors/start-error.js';
import { renderLatency } from './latency-svg.js';
import { renderReliability } from './reliability-svg.js';
import type { EvaluationReport } from './report.js';

/**
 * Writes reliability.svg and latency.svg into a folder, which is made.
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
    await mkdir(folder, { recursive: true });
    for (const [name, svg] of Object.entries(charts)) await writeFile(join(folder, name), svg);
  } catch (error) {
    throw new StartError(`The charts cannot be written: ${(error as Error).message}`, { cause: error });
  }
  return Object.keys(charts).map((name) => join(folder, name));
}
