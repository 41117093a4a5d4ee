import { FULL, QUICK } from './base/plan.js';
import type { RunOptions } from './base/run-options.js';
import { measureChaos, type ChaosReport } from './chaos/measure.js';
import { chaosTable, chaosTargets } from './chaos/section.js';
import { readMachine, type Machine } from './report/machine.js';
import { tellServicePart } from './report/report-file.js';
import { joined, machineFacts, targetTable, type Target } from './report/section.js';
import { measureSpeed, type SpeedReport } from './speed/measure.js';
import { speedParts } from './speed/section.js';
import { speedTargets } from './speed/targets.js';

/** Which of the two are measured, and how long. */
export interface ServiceParts {
  readonly quick: boolean;
  readonly speed: boolean;
  readonly chaos: boolean;
}

/** One run of the bench without an option that asks for another part. */
interface ServiceReport {
  readonly machine: Machine;
  readonly speed: SpeedReport | null;
  readonly chaos: ChaosReport | null;
  readonly targets: readonly Target[];
}

async function measure(
  { quick, speed, chaos }: ServiceParts,
  { entry, workFolder }: RunOptions,
): Promise<ServiceReport> {
  const plan = quick ? QUICK : FULL;
  const machine = readMachine();
  const speedReport = speed ? await measureSpeed(plan, entry, workFolder) : null;
  const chaosReport = chaos ? await measureChaos(plan, entry, workFolder) : null;
  const targets = [
    ...(speedReport === null ? [] : speedTargets(speedReport)),
    ...(chaosReport === null ? [] : chaosTargets(chaosReport)),
  ];
  return { machine, speed: speedReport, chaos: chaosReport, targets };
}

/** The report as docs/benchmarks.md has it. */
const toMarkdown = ({ machine, speed, chaos, targets }: ServiceReport): string =>
  joined([
    '# Benchmarks',
    'Written by `npm run bench -- --all`; do not edit. `npm run bench` leaves the faults out.',
    machineFacts(machine),
    '## Targets',
    targetTable(targets),
    ...(speed === null ? [] : speedParts(speed)),
    ...(chaos === null ? [] : ['## Faults', chaosTable(chaos)]),
  ]);

/** A request that failed is a failure of the run; a speed that was not reached is a figure. */
function serviceIsRight({ speed, chaos }: ServiceReport): boolean {
  const consistent = speed === null || (speed.failed === 0 && speed.consistency.wrongLabels === 0);
  return consistent && (chaos === null || chaosTargets(chaos).every(({ reached }) => reached));
}

/**
 * `npm run bench`: measures the service's speed, its faults, or both, and reports on stdout.
 * @returns false when a request failed or an answer was wrong
 */
export async function runService(parts: ServiceParts, options: RunOptions): Promise<boolean> {
  const report = await measure(parts, options);
  const { json, write } = options;
  tellServicePart(report, toMarkdown(report), { json, write: write && parts.speed });
  return serviceIsRight(report);
}
