import type { RunOptions } from '../base/run-options.js';
import { readMachine } from '../report/machine.js';
import { tellPart } from '../report/report-file.js';
import { measureComparisonCost } from './comparison-cost.js';
import type { RolloutPlan } from './plan.js';
import { measureRollbacks } from './rollback-under-load.js';
import { comparisonIsRight, rollbacksAreRight, rolloutSection, rolloutTargets } from './section.js';

/**
 * `npm run bench -- --rollout`: measures, and reports on stdout.
 * @returns false when a request failed, when nothing was compared, or when a canary answered after its rollback
 */
export async function runRollout(plan: RolloutPlan, options: RunOptions): Promise<boolean> {
  const { entry, workFolder } = options;
  const machine = readMachine();
  const cost = await measureComparisonCost(plan, entry, workFolder);
  const rollbacks = await measureRollbacks(plan, entry, workFolder);
  const document = { machine, ...cost, rollbacks, targets: rolloutTargets(cost, rollbacks) };
  tellPart('rollout', document, rolloutSection(cost, rollbacks, machine), options);
  return comparisonIsRight(cost) && rollbacksAreRight(rollbacks);
}
