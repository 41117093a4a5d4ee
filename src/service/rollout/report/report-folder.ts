import { access, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../../base/files/replace-file.js';
import { renderReport, renderReportPlots } from '../../../rollout/report/render-report.js';
import type { RolloutReport } from '../../../rollout/report/rollout-report.js';

/** Reports are readable for all users. */
const REPORT_MODE = 0o644;

/** Reports kept per model; each has about 100 kB. */
const REPORTS_KEPT = 100;

/** Pattern of a report's file name; the first releases wrote no revision into it. */
const NAME = /^(?<model>.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:-r\d+)?\.md$/;

const PARTS = ['json', 'svg', 'md'] as const;

type Named = Pick<RolloutReport, 'model_name' | 'rollout_id' | 'revision'>;

/**
 * STATE_DIR/reports: one report for each end of a rollout, as `<model>-<rollout id>-r<revision>` with .json, .svg and
 * .md. A rollout that is cleared and continues ends a second time. Only the latest reports of each model are kept.
 */
export class ReportFolder {
  constructor(
    readonly path: string,
    private readonly kept = REPORTS_KEPT,
  ) {}

  /**
   * Writes a report. The Markdown is written last: when it exists, the other files exist too.
   * @returns the path of the Markdown
   * @throws Error of the file system
   */
  async write(report: RolloutReport): Promise<string> {
    await mkdir(this.path, { recursive: true });
    const path = join(this.path, nameOf(report));
    await replaceFile(`${path}.json`, `${JSON.stringify(report, null, 2)}\n`, REPORT_MODE);
    await replaceFile(`${path}.svg`, renderReportPlots(report), REPORT_MODE);
    await replaceFile(`${path}.md`, renderReport(report, `${nameOf(report)}.svg`), REPORT_MODE);
    await this.removeOldest(report.model_name);
    return `${path}.md`;
  }

  /** Whether this report exists. Never rejects. */
  async has(named: Named): Promise<boolean> {
    try {
      await access(join(this.path, `${nameOf(named)}.md`));
      return true;
    } catch {
      return false;
    }
  }

  /** Removes the oldest reports beyond the number to keep. Files with other names stay. */
  private async removeOldest(model: string): Promise<void> {
    const names = (await readdir(this.path)).filter((name) => NAME.exec(name)?.groups?.model === model);
    if (names.length <= this.kept) return;
    const reports = await Promise.all(
      names.map(async (name) => ({ name, atMs: (await stat(join(this.path, name))).mtimeMs })),
    );
    reports.sort((a, b) => b.atMs - a.atMs);
    for (const { name } of reports.slice(this.kept)) {
      const path = join(this.path, name.slice(0, -'.md'.length));
      for (const part of PARTS) await rm(`${path}.${part}`, { force: true });
    }
  }
}

const nameOf = ({ model_name: model, rollout_id: id, revision }: Named): string =>
  `${model}-${id}-r${revision}`;
