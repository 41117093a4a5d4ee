import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReportFolder } from '../../../../../src/service/rollout/report/report-folder.js';
import type { RolloutReport } from '../../../../../src/rollout/report/rollout-report.js';

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'serin-reports-'));
});
afterEach(() => {
  rmSync(path, { recursive: true });
});

const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

const report = (n: number, revision = 2, model = 'sentiment'): RolloutReport => ({
  schema: 1,
  kind: 'rollout',
  model_name: model,
  rollout_id: idOf(n),
  revision,
  outcome: 'rolled_back',
  decision: `ROLLED BACK for the ${n}th time`,
  mode: 'manual',
  forced: false,
  stable: { version: 'v1', digest: 'a'.repeat(64) },
  canary: { version: 'v2', digest: 'b'.repeat(64) },
  began_at: null,
  ended_at: '2026-01-01T00:00:00.000Z',
  verdict: null,
  figures: null,
  flips: [],
  moves: [],
  series: { interval_ms: 0, points: [] },
});

/** Writes it as if it were of that day. */
async function writeOn(day: number, folder: ReportFolder, of: RolloutReport): Promise<void> {
  const written = await folder.write(of);
  utimesSync(written, day * 86_400, day * 86_400);
}

const bases = (): string[] =>
  [...new Set(readdirSync(path).map((name) => name.replace(/\.\w+$/, '')))].sort();

describe('the folder of reports', () => {
  it('has a report for each end of a rollout', async () => {
    const folder = new ReportFolder(path);
    expect(await folder.has(report(1))).toBe(false);
    await folder.write(report(1, 2));
    await folder.write(report(1, 5));
    expect(bases()).toEqual([`sentiment-${idOf(1)}-r2`, `sentiment-${idOf(1)}-r5`]);
    expect(await folder.has(report(1, 5))).toBe(true);
    expect(await folder.has(report(1, 6))).toBe(false);
  });

  it('keeps the latest of each model, whole, and leaves alone what is no report of it', async () => {
    const folder = new ReportFolder(path, 2);
    const notes = ['sentiment-notes.md', `sentiment-${idOf(9)}-r1.txt`, 'README.md'];
    for (const name of notes) writeFileSync(join(path, name), '');
    mkdirSync(join(path, 'archive'));
    await writeOn(1, folder, report(7, 2, 'sentiment-large'));
    // As the first releases called it.
    const former = `sentiment-${idOf(0)}`;
    for (const part of ['json', 'svg', 'md']) writeFileSync(join(path, `${former}.${part}`), '');
    utimesSync(join(path, `${former}.md`), 86_400, 86_400);
    await writeOn(4, folder, report(3));
    expect(bases()).toContain(former);
    await writeOn(2, folder, report(1));
    await writeOn(3, folder, report(2));
    await folder.write(report(4));
    const kept = [`sentiment-${idOf(3)}-r2`, `sentiment-${idOf(4)}-r2`, `sentiment-large-${idOf(7)}-r2`];
    expect(readdirSync(path).sort()).toEqual(
      [
        ...notes,
        'archive',
        ...kept.flatMap((base) => ['json', 'md', 'svg'].map((part) => `${base}.${part}`)),
      ].sort(),
    );
  });
});
