import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { REPORT_FILE } from '../paths.js';
import { say } from '../progress.js';
import { filesAreRight, filesSection, filesTargets } from '../report/files-section.js';
import { readMachine } from '../report/machine.js';
import { withFilesPart } from '../report/report-file.js';
import { measureFiles } from './files.js';
import type { FilesPlan } from './plan.js';

export interface FilesRunOptions {
  readonly plan: FilesPlan;
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
  { plan, entry, json, write }: FilesRunOptions,
  workFolder: string,
): Promise<boolean> {
  const machine = readMachine();
  const report = await measureFiles(plan, entry, workFolder);
  const section = filesSection(report, machine);
  const document = { machine, ...report, targets: filesTargets(report) };
  process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : section);
  if (write) {
    const before = existsSync(REPORT_FILE) ? readFileSync(REPORT_FILE, 'utf8') : '';
    writeFileSync(REPORT_FILE, withFilesPart(before, section));
    say('the section about files in docs/benchmarks.md is written');
  }
  return filesAreRight(report);
}
