import { isJsonObject } from '../../base/json-object.js';
import { readFileSync } from 'node:fs';
import { StartError } from '../../base/errors/start-error.js';
import { loadName } from './loads.js';
import type { Plan } from './measure-loads.js';
import { FORMAT, type BenchReport } from './bench-report.js';

const isRound = (round: unknown): boolean =>
  isJsonObject(round) &&
  ['answered_per_s', 'p50_ms', 'p99_ms'].every((key) => typeof round[key] === 'number' && round[key] > 0);

/** The options that a comparison copies from the earlier report. */
const isTraffic = (traffic: unknown): boolean =>
  isJsonObject(traffic) &&
  ['seconds', 'rounds', 'warm_up_seconds'].every(
    (key) => typeof traffic[key] === 'number' && traffic[key] > 0,
  ) &&
  Number.isInteger(traffic.rounds);

const isLoadReport = (report: unknown): boolean =>
  isJsonObject(report) &&
  isJsonObject(report.load) &&
  Array.isArray(report.rounds) &&
  report.rounds.every(isRound);

/**
 * Reads what `serin bench --json` or `--out` wrote.
 * @throws StartError when it is not such a report
 */
export function readEarlierReport(path: string): BenchReport {
  const unusable = (why: string): StartError =>
    new StartError(`${path} is no report of serin bench --json that can be compared with: ${why}.`);
  let report: unknown;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw unusable((error as Error).message);
  }
  if (!isJsonObject(report) || !Array.isArray(report.runs)) throw unusable('it has no runs');
  if (report.format !== FORMAT)
    throw unusable(`its format is ${JSON.stringify(report.format)}, this serin reads ${FORMAT}`);
  const [run] = report.runs as unknown[];
  const isWhole = isJsonObject(run) && Array.isArray(run.loads) && run.loads.every(isLoadReport);
  if (!isWhole || !isJsonObject(report.machine) || typeof report.started_at !== 'string')
    throw unusable('its first run lacks figures');
  if (!isTraffic(report.traffic)) throw unusable('it does not say its seconds, rounds and warm-up');
  return report as unknown as BenchReport;
}

/** The loads of its first run, so that the same are measured again. */
export function loadsOf(report: BenchReport): { connections: number[]; ratesPerS: number[] } {
  const loads = (report.runs[0]?.loads ?? []).map(({ load }) => load);
  return {
    connections: loads.flatMap((load) => (load.kind === 'closed' ? [load.connections] : [])),
    ratesPerS: loads.flatMap((load) => (load.kind === 'open' ? [load.ratePerS] : [])),
  };
}

/** @throws StartError when nothing that is planned was measured there too */
export function requireCommonLoad(
  path: string,
  earlier: BenchReport,
  { connections, ratesPerS }: Pick<Plan, 'connections' | 'ratesPerS'>,
): void {
  const before = loadsOf(earlier);
  const isCommon =
    connections.some((one) => before.connections.includes(one)) ||
    (ratesPerS ?? []).some((one) => before.ratesPerS.includes(one));
  if (isCommon) return;
  const names = (earlier.runs[0]?.loads ?? []).map(({ load }) => loadName(load));
  throw new StartError(
    `Nothing could be compared: ${path} has ${names.join(', ') || 'no load'}, and none of these is asked for now.`,
  );
}
