import type { LatencyParts as AllParts } from '../../src/tools/bench/contributors.js';
import type { Latency, LoadReport } from '../../src/tools/bench/load-report.js';
import type { BenchReport } from '../../src/tools/bench/bench-report.js';
import { runSerin } from '../base/run-command.js';

/** One load of `serin bench --json`, as far as the section needs it. */
export interface BenchLoad extends Pick<
  LoadReport,
  'load' | 'requests' | 'answered_per_s' | 'failed' | 'hit_rate' | 'doubts'
> {
  readonly latency: Omit<Latency, 'max_ms'> | null;
  readonly late: { readonly p99_ms: number } | null;
  readonly at_p50: LatencyParts | null;
  readonly at_p99: LatencyParts | null;
}

export type LatencyParts = Pick<AllParts, 'stages_of_total' | 'contributors'>;

/** Done, or done with requests that failed or a generator that was late: either way there is a report. */
const REPORTED = [0, 1];

/**
 * Runs `serin bench --json` with no settings of the caller's environment.
 * @param entry the script that is the command `serin`
 * @throws Error with what it said when it has nothing to report
 */
export async function serinBench(entry: string, args: readonly string[]): Promise<BenchReport> {
  // Told to end rather than killed: it ends the service that it has started.
  const options = { goodCodes: REPORTED, endSignal: 'SIGTERM' } as const;
  return JSON.parse(await runSerin(entry, ['bench', '--json', ...args], options)) as BenchReport;
}
