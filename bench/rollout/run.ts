import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { REPORT_FILE } from '../base/paths.js';
import { say } from '../base/progress.js';
import { readMachine } from '../report/machine.js';
import { withPart } from '../report/report-file.js';
import { comparisonIsRight, rollbacksAreRight, rolloutSection, rolloutTargets } from './section.js';
import { measureComparisonCost } from './comparison-cost.js';
import type { RolloutPlan } from './plan.js';
import { measureRollbacks } from './rollback-under-load.js';

export interface RolloutRunOptions {
  readonly plan: RolloutPlan;
  readonly entry: string;
  readonly json: boolean;
  /** Whether docs/benchmarks.md gets the section. */
  readonly write: boolean;
}

/**
 * `npm run bench -- --rollout`: measures, and reports on stdout.
 * @returns false when a request failed, when nothing was compared, or when a canary answered after its rollback
 */
export async function runRollout(
  { plan, entry, json, write }: RolloutRunOptions,
  workFolder: string,
): Promise<boolean> {
  const machine = readMachine();
  const cost = await measureComparisonCost(plan, entry, workFolder);
  const rollbacks = await measureRollbacks(plan, entry, workFolder);
  const section = rolloutSection(cost, rollbacks, machine);
  const document = { machine, ...cost, rollbacks, targets: rolloutTargets(cost, rollbacks) };
  process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : section);
  if (write) {
    const before = existsSync(REPORT_FILE) ? readFileSync(REPORT_FILE, 'utf8') : '';
    writeFileSync(REPORT_FILE, withPart(before, 'rollout', section));
    say('the section about rollouts in docs/benchmarks.md is written');
  }
  return comparisonIsRight(cost) && rollbacksAreRight(rollbacks);
}
