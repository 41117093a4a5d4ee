import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { RolloutReport } from '../../src/rollout/report/rollout-report.js';
import { configFile, folder, RolloutSlice, texts } from './rollout-slice.js';

describe('the report of a rollout', () => {
  const reportsIn = (stateDir: string): RolloutReport[] =>
    readdirSync(join(stateDir, 'reports'))
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(stateDir, 'reports', name), 'utf8')) as RolloutReport);

  const written = (stateDir: string, matches: (report: RolloutReport) => boolean): Promise<RolloutReport> =>
    vi.waitFor(
      () => {
        const found = reportsIn(stateDir).find(matches);
        if (found === undefined) throw new Error('not yet');
        return found;
      },
      { timeout: 20_000, interval: 50 },
    );

  it('is written of a rollout that another one replaces, with what was seen of it', async () => {
    const stateDir = folder();
    const section = (percent: number): string =>
      `rollout:\n  sentiment: { stable: v1, canary: v2, percent: ${percent} }\n`;
    const file = configFile(section(50));
    const rollout = await RolloutSlice.start({ STATE_DIR: stateDir, SERIN_CONFIG: file });
    await rollout.versions(texts(40));
    const first = await rollout.viewThat(({ figures }) => (figures?.total.canary.requests ?? 0) > 5);
    writeFileSync(file, section(40));
    const second = await rollout.viewThat(({ percent }) => percent === 40);
    expect(second.rollout_id).not.toBe(first.rollout_id);
    const report = await written(stateDir, ({ outcome }) => outcome === 'replaced');
    expect(report.rollout_id).toBe(first.rollout_id);
    expect(report.decision).toMatch(/^REPLACED v2 beside v1 by v2 beside v1, by configuration/);
    expect(report.figures?.total.canary.requests).toBe(first.figures?.total.canary.requests);

    // The second has an end of its own, and is not replaced by the third. Reports are written in turn.
    await rollout.post('rollback');
    await rollout.post('clear');
    writeFileSync(file, section(30));
    const third = await rollout.viewThat(({ percent }) => percent === 30);
    await rollout.post('rollback');
    await written(stateDir, ({ rollout_id: id }) => id === third.rollout_id);
    const outcomes = reportsIn(stateDir).map(({ rollout_id: id, outcome }) => `${id} ${outcome}`);
    expect(outcomes.sort()).toEqual(
      [
        `${first.rollout_id} replaced`,
        `${second.rollout_id} rolled_back`,
        `${third.rollout_id} rolled_back`,
      ].sort(),
    );
    await rollout.service.stop();
  });
});
