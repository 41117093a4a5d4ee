import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { REPORT_FILE } from '../base/paths.js';
import { say } from '../base/progress.js';
import { filesAreRight, filesSection, filesTargets } from './section.js';
import { readMachine } from '../report/machine.js';
import { memorySection, memoryTargets } from './memory-section.js';
import { withPart, type PartName } from '../report/report-file.js';
import { measureFiles } from './files.js';
import { measurePeakMemory, type PeakMemory } from './memory.js';
import type { FilesPlan } from './plan.js';

export interface FilesRunOptions {
  readonly entry: string;
  readonly json: boolean;
  /** Whether docs/benchmarks.md gets the section. */
  readonly write: boolean;
}

/**
 * `npm run bench -- --files`: measures, and reports on stdout.
 * @returns false when a line was wrong, lost or doubled
 */
export async function runFiles(
  plan: FilesPlan,
  options: FilesRunOptions,
  workFolder: string,
): Promise<boolean> {
  const machine = readMachine();
  const report = await measureFiles(plan, options.entry, workFolder);
  const document = { machine, ...report, targets: filesTargets(report) };
  tell('files', document, filesSection(report, machine), options);
  return filesAreRight(report);
}

/** `npm run bench -- --files-memory`: one file after the other, and a report on stdout. */
export async function runMemory(
  linesOfFiles: readonly number[],
  options: FilesRunOptions,
  workFolder: string,
): Promise<void> {
  const machine = readMachine();
  const peaks: PeakMemory[] = [];
  for (const lines of linesOfFiles) peaks.push(await measurePeakMemory(lines, options.entry, workFolder));
  const document = { machine, memory: peaks, targets: memoryTargets(peaks) };
  tell('memory', document, memorySection(peaks, machine), options);
}

function tell(part: PartName, document: object, section: string, { json, write }: FilesRunOptions): void {
  process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : section);
  if (!write) return;
  const before = existsSync(REPORT_FILE) ? readFileSync(REPORT_FILE, 'utf8') : '';
  writeFileSync(REPORT_FILE, withPart(before, part, section));
  say(`the section about ${part} in docs/benchmarks.md is written`);
}
