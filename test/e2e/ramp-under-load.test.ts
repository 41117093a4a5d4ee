import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { RolloutReport } from '../../src/rollout/report/rollout-report.js';
import type { RolloutDocument } from '../../src/rollout/rollout-types.js';
import { wellFormed } from '../support/well-formed.js';
import { configFile, folder, RolloutService, texts } from './rollout-harness.js';

const HOLD_MS = 6000;

/** Gates that say something about every answer and that chance does not reach: the ramp is what is looked at. */
const SECTION = `
rollout:
  sentiment:
    stable: v1
    canary: v2
    mode: auto
    steps: [{ percent: 25, hold: 2s }, { percent: 50, hold_ms: ${HOLD_MS} }, { percent: 100, hold: 2s }]
    comparison: { sample_percent: 100, budget_percent: 100 }
    gates: { minimum_samples: 1, disagreement: 0.9, error_rate_increase: off, latency_ratio: off, label_share_shift: off }
`;

/** How long a client waits before it knocks again where nobody listens. */
const PAUSE_MS = 20;

/** Clients that ask whichever service runs, each text once, until they are told to stop. */
class Load {
  answered = 0;
  readonly wrong: unknown[] = [];
  service: RolloutService | null = null;
  private stopped = false;
  private readonly clients: Promise<unknown>;

  constructor(clients: number) {
    this.clients = Promise.all(Array.from({ length: clients }, (_, n) => this.client(n)));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.clients;
  }

  private async client(n: number): Promise<void> {
    for (let i = 0; !this.stopped; i++) {
      const asked = this.service;
      if (asked === null) await delay(PAUSE_MS);
      else await this.ask(asked, `client ${n} on film ${i}`);
    }
  }

  private async ask(asked: RolloutService, text: string): Promise<void> {
    try {
      const response = await asked.service.post('/predict', { text });
      const answer: unknown = await response.json();
      if (response.status === 200) this.answered++;
      else this.wrong.push(answer);
    } catch (error) {
      // What was in flight at the kill is lost; nothing else may be.
      if (this.service === asked) this.wrong.push(String(error));
    }
  }
}

/** What lies on the disk. */
const contentOf = (stateDir: string, name: string): unknown => {
  const text = readFileSync(join(stateDir, 'rollout', name), 'utf8');
  return (JSON.parse(text) as { content: unknown }).content;
};
const stateIn = (stateDir: string): RolloutDocument =>
  contentOf(stateDir, 'sentiment.json') as RolloutDocument;
const pointsIn = (stateDir: string): RolloutReport['series']['points'] =>
  (contentOf(stateDir, 'sentiment.evidence.json') as { document: Pick<RolloutReport, 'series'> }).document
    .series.points;

it('a ramp under load that is killed in the middle of a step goes on in it, and its report is whole', async () => {
  const stateDir = folder();
  const settings = {
    STATE_DIR: stateDir,
    SERIN_CONFIG: configFile(SECTION),
    REQUEST_TIMEOUT_MS: '30000',
  };
  const first = await RolloutService.start(settings);
  const load = new Load(3);
  load.service = first;
  const kept = await vi.waitFor(
    () => {
      const state = stateIn(stateDir);
      expect([state.percent, pointsIn(stateDir).at(-1)?.percent]).toEqual([50, 50]);
      expect(state.elapsed_in_step_ms).toBeGreaterThan(0);
      return state;
    },
    { timeout: 40_000, interval: 20 },
  );
  const before = await first.view();
  load.service = null;
  first.service.signal('SIGKILL');
  await first.service.ended();
  expect(kept.elapsed_in_step_ms).toBeLessThan(HOLD_MS);

  const killedAt = Date.now();
  const second = await RolloutService.start(settings);
  const view = await second.view();
  expect(view).toMatchObject({
    rollout_id: kept.rollout_id,
    revision: kept.revision,
    phase: 'running',
    percent: 50,
    step: { number: 2, of: 3, next_percent: 100 },
  });
  expect(view.step?.elapsed_ms).toBeGreaterThanOrEqual(kept.elapsed_in_step_ms);
  load.service = second;
  const promoted = await vi.waitFor(
    async () => {
      const now = await second.view();
      if (now.phase !== 'promoted') throw new Error(JSON.stringify(now.verdict));
      return now;
    },
    { timeout: 60_000, interval: 100 },
  );
  await load.stop();
  expect(load.wrong).toEqual([]);
  expect(load.answered).toBeGreaterThan(50);
  expect(new Set(await second.versions(texts(20)))).toEqual(new Set(['v2']));

  const steps = promoted.history.map(({ move, to, cause }) => [move, to.percent, cause.by]);
  expect(steps).toEqual([
    ['start', 25, 'configuration'],
    ['step', 50, 'ramp'],
    ['step', 100, 'ramp'],
    ['promote', 0, 'ramp'],
  ]);
  // Not cut short by the kill, and not begun anew by it.
  const stepMs = promoted.history[2]?.figures?.elapsed_in_step_ms ?? 0;
  expect(stepMs).toBeGreaterThanOrEqual(HOLD_MS);

  const reports = join(stateDir, 'reports');
  const base = `sentiment-${kept.rollout_id}-r${promoted.revision}`;
  await vi.waitFor(
    () => {
      expect(readdirSync(reports).sort()).toEqual(['json', 'md', 'svg'].map((part) => `${base}.${part}`));
    },
    { timeout: 20_000, interval: 50 },
  );
  const report = JSON.parse(readFileSync(join(reports, `${base}.json`), 'utf8')) as RolloutReport;
  expect(report).toMatchObject({
    outcome: 'promoted',
    began_at: promoted.history[0]?.at,
    moves: promoted.history.map(({ revision, move }) => ({ revision, move })),
    verdict: { verdict: 'promote' },
  });
  // What was seen before the kill, up to the last save, and after it.
  const atKill = before.figures?.total.canary.requests ?? 0;
  expect(report.figures?.total.canary.requests).toBeGreaterThan(atKill);
  const times = report.series.points.map(({ at_ms: atMs }) => atMs);
  expect(times.some((atMs) => atMs < killedAt)).toBe(true);
  expect(times.some((atMs) => atMs > killedAt)).toBe(true);
  const shares = report.series.points.map(({ percent }) => percent);
  expect([...new Set(shares)]).toEqual(expect.arrayContaining([25, 50, 100]));
  expect(wellFormed(readFileSync(join(reports, `${base}.svg`), 'utf8'))).toBe('svg');
}, 150_000);
