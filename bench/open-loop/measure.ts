import { CACHE_OFF, VERSIONS, type Version } from '../base/plan.js';
import { say } from '../base/progress.js';
import { BaselineService } from '../baseline/baseline-service.js';
import { HITS_PERCENT, type OpenLoopPlan } from './plan.js';
import { serinBench, type BenchLoad } from './serin-bench.js';

/** One server under its closed and open loads. */
export interface OpenLoopRun {
  readonly kind: 'baseline' | 'cold' | 'hits';
  readonly version: Version;
  /** In the closed loop, before the rates were chosen. */
  readonly capacityPerS: number | null;
  readonly loads: readonly BenchLoad[];
}

/** The baseline first, then the service without its cache, then with repeated texts; each with both versions. */
export async function measureOpenLoop(plan: OpenLoopPlan, entry: string): Promise<OpenLoopRun[]> {
  const runs: OpenLoopRun[] = [];
  const args = [
    ...['--seconds', String(plan.seconds), '--rounds', String(plan.rounds)],
    ...['--warm-up', String(plan.warmUpSeconds), '--connections', String(plan.connections)],
  ];
  const run = async (kind: OpenLoopRun['kind'], version: Version, more: readonly string[]): Promise<void> => {
    say(`open loop: ${kind}, ${version}`);
    const { capacity_per_s: capacityPerS, runs: found } = await serinBench(entry, [...args, ...more]);
    runs.push({ kind, version, capacityPerS, loads: found[0]?.loads ?? [] });
  };
  for (const version of VERSIONS) {
    const naive = await BaselineService.naive(version);
    try {
      await run('baseline', version, ['--url', naive.url]);
    } finally {
      await naive.close();
    }
  }
  const cold = Object.entries(CACHE_OFF).flatMap(([name, value]) => ['--setting', `${name}=${value}`]);
  for (const version of VERSIONS) await run('cold', version, ['--model-version', version, ...cold]);
  const hits = ['--hits', String(HITS_PERCENT)];
  for (const version of VERSIONS) await run('hits', version, ['--model-version', version, ...hits]);
  return runs;
}
