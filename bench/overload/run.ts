import type { RunOptions } from '../base/run-options.js';
import { readMachine } from '../report/machine.js';
import { tellPart } from '../report/report-file.js';
import { measureFairness } from './fairness.js';
import { measureGoodput } from './goodput.js';
import type { OverloadPlan } from './plan.js';
import { fairnessTargets, goodputTargets, overloadIsRight, overloadSection } from './section.js';

/**
 * `npm run bench -- --overload`: measures, and reports on stdout.
 * @returns false when nothing was answered or nothing was refused beyond capacity
 */
export async function runOverload(plan: OverloadPlan, options: RunOptions): Promise<boolean> {
  const { entry, workFolder } = options;
  const machine = readMachine();
  const goodput = await measureGoodput(plan, entry, workFolder);
  const peakPerS = goodput.find(({ version, busy }) => version === 'v2' && !busy)?.peak.okPerS ?? NaN;
  const fairness = await measureFairness(plan, { entry, workFolder, peakPerS });
  const targets = [...goodputTargets(goodput), ...fairnessTargets(fairness)];
  tellPart(
    'overload',
    { machine, goodput, fairness, targets },
    overloadSection(goodput, fairness, machine),
    options,
  );
  return overloadIsRight(goodput, fairness);
}
