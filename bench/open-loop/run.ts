import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { REPORT_FILE } from '../base/paths.js';
import { say } from '../base/progress.js';
import { readMachine } from '../report/machine.js';
import { openLoopIsRight, openLoopSection, openLoopTargets } from './section.js';
import { withPart } from '../report/report-file.js';
import { measureOpenLoop } from './measure.js';
import type { OpenLoopPlan } from './plan.js';

export interface OpenLoopOptions {
  readonly plan: OpenLoopPlan;
  readonly entry: string;
  readonly json: boolean;
  /** Whether docs/benchmarks.md gets the section. */
  readonly write: boolean;
}

/**
 * `npm run bench -- --open-loop`: measures, and reports on stdout.
 * @returns false when a request failed
 */
export async function runOpenLoop({ plan, entry, json, write }: OpenLoopOptions): Promise<boolean> {
  const machine = readMachine();
  const runs = await measureOpenLoop(plan, entry);
  const section = openLoopSection(runs, plan, machine);
  const document = { machine, plan, runs, targets: openLoopTargets(runs) };
  process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : section);
  if (write) {
    const before = existsSync(REPORT_FILE) ? readFileSync(REPORT_FILE, 'utf8') : '';
    writeFileSync(REPORT_FILE, withPart(before, 'openloop', section));
    say('the section about the open loop in docs/benchmarks.md is written');
  }
  return openLoopIsRight(runs);
}
