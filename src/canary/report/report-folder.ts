import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../replace-file.js';
import { renderReport, renderReportPlots } from './render-report.js';
import type { RolloutReport } from './rollout-report.js';

/** A report is there to be read. */
const REPORT_MODE = 0o644;

type Named = Pick<RolloutReport, 'model_name' | 'rollout_id'>;

/** STATE_DIR/reports: one report per rollout, as `<model>-<rollout id>` with .json, .svg and .md. */
export class ReportFolder {
  constructor(readonly path: string) {}

  /**
   * Writes or replaces the report of a rollout; its Markdown comes last, so where that is the others are too.
   * @returns the path of the Markdown
   * @throws Error of the file system
   */
  async write(report: RolloutReport): Promise<string> {
    await mkdir(this.path, { recursive: true });
    const path = this.pathOf(report);
    await replaceFile(`${path}.json`, `${JSON.stringify(report, null, 2)}\n`, REPORT_MODE);
    await replaceFile(`${path}.svg`, renderReportPlots(report), REPORT_MODE);
    await replaceFile(`${path}.md`, renderReport(report, `${nameOf(report)}.svg`), REPORT_MODE);
    return `${path}.md`;
  }

  /** Whether the report of this rollout is there, whole, and of this move. Never rejects. */
  async has(rollout: Named, revision: number): Promise<boolean> {
    const path = this.pathOf(rollout);
    try {
      const [json] = await Promise.all([readFile(`${path}.json`, 'utf8'), readFile(`${path}.md`)]);
      return (JSON.parse(json) as Partial<RolloutReport>).revision === revision;
    } catch {
      return false;
    }
  }

  private pathOf(rollout: Named): string {
    return join(this.path, nameOf(rollout));
  }
}

const nameOf = ({ model_name: model, rollout_id: id }: Named): string => `${model}-${id}`;
