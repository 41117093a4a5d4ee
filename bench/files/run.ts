import type { RunOptions } from '../base/run-options.js';
import { readMachine } from '../report/machine.js';
import { tellPart } from '../report/report-file.js';
import { measureAgreement } from './agreement.js';
import { measureCrashes } from './crash.js';
import { memorySection, memoryTargets } from './memory-section.js';
import { measurePeakMemory, type PeakMemory } from './memory.js';
import type { FilesPlan } from './plan.js';
import { filesAreRight, filesSection, filesTargets, type FilesReport } from './section.js';
import { measureFileSpeed } from './speed.js';

/**
 * `npm run bench -- --files`: measures speed next to the ceiling, agreement with the service, and kills, and reports
 * on stdout.
 * @returns false when a line was wrong, lost or doubled
 */
export async function runFiles(plan: FilesPlan, options: RunOptions): Promise<boolean> {
  const { entry, workFolder } = options;
  const machine = readMachine();
  const speed = await measureFileSpeed(plan, entry, workFolder);
  const agreement = await measureAgreement(entry, workFolder);
  const crash = await measureCrashes(plan, entry, workFolder);
  const report: FilesReport = { plan, speed, agreement, crash };
  const document = { machine, ...report, targets: filesTargets(report) };
  tellPart('files', document, filesSection(report, machine), options);
  return filesAreRight(report);
}

/** `npm run bench -- --files-memory`: one file after the other, and a report on stdout. */
export async function runMemory(linesOfFiles: readonly number[], options: RunOptions): Promise<void> {
  const { entry, workFolder } = options;
  const machine = readMachine();
  const peaks: PeakMemory[] = [];
  for (const lines of linesOfFiles) peaks.push(await measurePeakMemory(lines, entry, workFolder));
  const document = { machine, memory: peaks, targets: memoryTargets(peaks) };
  tellPart('memory', document, memorySection(peaks, machine), options);
}
