import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeReason } from '../../base/files/write-error.js';
import { StartError } from '../../base/errors/start-error.js';
import { renderContributors } from './contributors-svg.js';
import { renderLatency } from './latency-svg.js';
import { renderMarkdown } from './render-markdown.js';
import type { BenchReport, RunReport } from './bench-report.js';

const unwritable = (folder: string, error: unknown): StartError =>
  new StartError(`The report cannot be written to ${folder}: ${writeReason(error)}.`, { cause: error });

/** Makes the folder before anything is measured. @throws StartError when it cannot be made */
export function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/**
 * Writes bench.md, bench.json and the charts into the folder, over what stands there.
 * @returns the path of bench.md
 * @throws StartError when they cannot be written
 */
export function writeReport(folder: string, report: BenchReport): string {
  const charts = report.runs.flatMap((run) => chartsOf(run, report.runs.length > 1));
  const markdown = join(folder, 'bench.md');
  try {
    for (const [name, svg] of charts) writeFileSync(join(folder, name), svg);
    writeFileSync(join(folder, 'bench.json'), `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(
      markdown,
      renderMarkdown(
        report,
        charts.map(([name]) => name),
      ),
    );
  } catch (error) {
    throw unwritable(folder, error);
  }
  return markdown;
}

function chartsOf(run: RunReport, isOneOfTwo: boolean): (readonly [name: string, svg: string])[] {
  const suffix = isOneOfTwo ? `-${run.name.toLowerCase()}` : '';
  const latency = renderLatency(run);
  return [
    ...(latency === null ? [] : [[`latency${suffix}.svg`, latency] as const]),
    [`contributors${suffix}.svg`, renderContributors(run)],
  ];
}
