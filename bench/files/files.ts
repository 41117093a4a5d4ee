import type { Version } from '../base/plan.js';
import { measureAgreement, type Agreement } from './agreement.js';
import { measureCrashes, type CrashReport } from './crash.js';
import type { FilesPlan } from './plan.js';
import { measureFileSpeed, type FileSpeed } from './speed.js';

export interface FilesReport {
  readonly plan: FilesPlan;
  readonly speed: Readonly<Record<Version, FileSpeed>>;
  readonly agreement: Readonly<Record<Version, Agreement>>;
  readonly crash: CrashReport;
}

/** `serin batch`: speed next to the ceiling, agreement with the service, and kills. */
export async function measureFiles(plan: FilesPlan, entry: string, workFolder: string): Promise<FilesReport> {
  const speed = await measureFileSpeed(plan, entry, workFolder);
  const agreement = await measureAgreement(entry, workFolder);
  const crash = await measureCrashes(plan, entry, workFolder);
  return { plan, speed, agreement, crash };
}
