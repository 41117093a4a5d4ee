import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { RolloutReport } from '../../src/rollout/report/rollout-report.js';
import { wellFormed } from '../support/well-formed.js';
import { configFile, folder, RolloutService, texts } from './rollout-harness.js';

/** As shipped, but each text has its pair at once. */
const PAIRS = `
default_model: sentiment
rollout:
  sentiment: { stable: v1, canary: v2, percent: 0, comparison: { budget_percent: 100 } }
`;

/** No text of a user may be in a report. */
const SECRET = 'nobody may read this film';

/** Each starts two services, which takes its time on a machine that has other work. */
describe.concurrent('the report of a rollout', { timeout: 120_000 }, () => {
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

  it('is whole after a kill in the middle, for a rollback and for a promotion', async () => {
    const stateDir = folder();
    const settings = { STATE_DIR: stateDir, SERIN_CONFIG: configFile(PAIRS) };
    const first = await RolloutService.start(settings);
    await first.put({ version: 'v2', percent: 50 });
    await first.versions([...texts(60), SECRET]);
    const before = await first.viewThat(({ figures }) => (figures?.total.pairs.texts ?? 0) > 5);
    const kept = await vi.waitFor(
      () => {
        const file = readFileSync(join(stateDir, 'rollout', 'sentiment.evidence.json'), 'utf8');
        const { content } = JSON.parse(file) as { content: { document: Pick<RolloutReport, 'series'> } };
        const { points } = content.document.series;
        expect(points.at(-1)?.pairs).toBeGreaterThan(5);
        return points;
      },
      { timeout: 20_000, interval: 100 },
    );
    first.service.signal('SIGKILL');
    await first.service.ended();

    const second = await RolloutService.start(settings);
    await second.versions(texts(60, 100));
    await second.post('rollback', { reason: 'a test' });
    const back = await written(stateDir, ({ outcome }) => outcome === 'rolled_back');
    expect(back.rollout_id).toBe(before.rollout_id);
    expect(back.decision).toBe('ROLLED BACK v2 to v1, by admin: rollback: a test');
    // Both halves: what was seen before the kill and after it.
    expect(back.figures?.total.canary.requests).toBeGreaterThan(before.figures?.total.canary.requests ?? 0);
    expect(back.series.points.slice(0, kept.length)).toEqual(kept);
    expect(back.series.points.length).toBeGreaterThan(kept.length);
    expect(back.verdict?.gates.length).toBeGreaterThan(5);
    expect(back.moves.map(({ move }) => move)).toEqual(['start', 'roll_back']);

    await second.post('clear');
    await second.put({ percent: 50 });
    await second.post('promote');
    const promoted = await written(stateDir, ({ outcome }) => outcome === 'promoted');
    expect(promoted).toMatchObject({ stable: { version: 'v1' }, canary: { version: 'v2' } });

    // It was cleared and went on: each of its ends has a report of its own.
    expect(promoted.rollout_id).toBe(back.rollout_id);
    for (const [report, decision] of [
      [back, 'Decision: ROLLED BACK v2 to v1'],
      [promoted, 'Decision: PROMOTED v2 in place of v1'],
    ] as const) {
      const base = join(stateDir, 'reports', `sentiment-${report.rollout_id}-r${report.revision}`);
      const markdown = await vi.waitFor(() => readFileSync(`${base}.md`, 'utf8'), 10_000);
      expect(markdown).toContain(decision);
      expect(wellFormed(readFileSync(`${base}.svg`, 'utf8'))).toBe('svg');
      for (const content of [markdown, readFileSync(`${base}.json`, 'utf8')])
        expect(content).not.toContain(SECRET);
    }
    await second.service.stop();
  });

  it('is made up for at the next start when the kill came before it', async () => {
    const stateDir = folder();
    const first = await RolloutService.start({ STATE_DIR: stateDir });
    // Reports cannot be written where a file is in the way: as if the kill had come before.
    writeFileSync(join(stateDir, 'reports'), '');
    await first.put({ version: 'v2', percent: 50 });
    await first.post('rollback');
    await first.service.line(({ msg }) => msg.startsWith('the report of a rollout cannot be written'));
    first.service.signal('SIGKILL');
    await first.service.ended();

    rmSync(join(stateDir, 'reports'));
    const second = await RolloutService.start({ STATE_DIR: stateDir });
    expect((await written(stateDir, () => true)).outcome).toBe('rolled_back');
    await second.service.stop();
  });

  it('is made up for by the process that takes over when the one that led was killed before it', async () => {
    const STATE_DIR = folder();
    const first = await RolloutService.start({ STATE_DIR });
    const second = await RolloutService.start({ STATE_DIR });
    writeFileSync(join(STATE_DIR, 'reports'), '');
    await first.put({ version: 'v2', percent: 50 });
    await first.versions(texts(40));
    const { figures } = await first.viewThat((view) => (view.figures?.total.canary.requests ?? 0) > 5);
    await vi.waitFor(
      () => {
        const kept = readFileSync(join(STATE_DIR, 'rollout', 'sentiment.evidence.json'), 'utf8');
        expect(kept).toContain(`"requests":${figures?.total.canary.requests}`);
      },
      { timeout: 20_000, interval: 100 },
    );
    await first.post('rollback');
    await first.service.line(({ msg }) => msg.startsWith('the report of a rollout cannot be written'));
    await second.viewThat(({ phase }) => phase === 'rolled_back');
    rmSync(join(STATE_DIR, 'reports'));
    first.service.signal('SIGKILL');
    await first.service.ended();

    const report = await written(STATE_DIR, ({ outcome }) => outcome === 'rolled_back');
    // With what the dead one has seen, of which the other one saw nothing.
    expect(report.figures?.total.canary.requests).toBe(figures?.total.canary.requests);
    await second.service.stop();
  });
});
