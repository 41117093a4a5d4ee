import type { Version } from '../plan.js';
import { measureAgreement, type Agreement } from './agreement.js';
import { measureCrashes, type CrashReport } from './crash.js';
import { measurePeakMemory, type PeakMemory } from './memory.js';
import type { FilesPlan } from './plan.js';
import { measureFileSpeed, type FileSpeed } from './speed.js';

export interface FilesReport {
  readonly plan: FilesPlan;
  readonly speed: Readonly<Record<Version, FileSpeed>>;
  readonly agreement: Readonly<Record<Version, Agreement>>;
  readonly crash: CrashReport;
  /** One per file, in the order of the plan. */
  readonly memory: readonly PeakMemory[];
}

/** `serin batch`: speed next to the ceiling, agreement with the service, kills, and, when the plan asks, memory. */
export async function measureFiles(plan: FilesPlan, entry: string, workFolder: string): Promise<FilesReport> {
  const speed = await measureFileSpeed(plan, entry, workFolder);
  const agreement = await measureAgreement(entry, workFolder);
  const crash = await measureCrashes(plan, entry, workFolder);
  const memory: PeakMemory[] = [];
  for (const lines of plan.memoryLines) memory.push(await measurePeakMemory(lines, entry, workFolder));
  return { plan, speed, agreement, crash, memory };
}
