import type { RunOptions } from '../base/run-options.js';
import { readMachine } from '../report/machine.js';
import { tellPart } from '../report/report-file.js';
import { measureOpenLoop } from './measure.js';
import type { OpenLoopPlan } from './plan.js';
import { openLoopIsRight, openLoopSection, openLoopTargets } from './section.js';

/**
 * `npm run bench -- --open-loop`: measures, and reports on stdout.
 * @returns false when a request failed
 */
export async function runOpenLoop(plan: OpenLoopPlan, options: RunOptions): Promise<boolean> {
  const machine = readMachine();
  const runs = await measureOpenLoop(plan, options.entry);
  const document = { machine, plan, runs, targets: openLoopTargets(runs) };
  tellPart('openloop', document, openLoopSection(runs, plan, machine), options);
  return openLoopIsRight(runs);
}
