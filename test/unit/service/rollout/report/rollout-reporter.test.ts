import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RolloutsInForce } from '../../../../../src/service/in-force/rollouts-in-force.js';
import { EvidenceBook } from '../../../../../src/service/rollout/evidence/evidence-book.js';
import { RolloutEvidence } from '../../../../../src/rollout/evidence/rollout-evidence.js';
import { FileRolloutStore } from '../../../../../src/service/rollout/store/file-rollout-store.js';
import type { RolloutReport } from '../../../../../src/rollout/report/rollout-report.js';
import { RolloutReporter } from '../../../../../src/service/rollout/report/rollout-reporter.js';
import type { RolloutConfiguration } from '../../../../../src/service/rollout/rollout-configuration.js';
import type { RolloutJudge } from '../../../../../src/service/rollout/rollout-judge.js';
import type { RolloutVersions } from '../../../../../src/service/rollout/rollout-versions.js';
import type { MoveListener, RolloutMoves } from '../../../../../src/service/rollout/effects/rollout-moves.js';
import { clear, rollBack, start } from '../../../../../src/rollout/rollout-machine.js';
import type { RolloutDocument } from '../../../../../src/rollout/rollout-types.js';
import { loadConfig } from '../../../../../src/base/config/load-config.js';
import { ROOT } from '../../../../support/repository.js';
import { begun, by, done } from '../../../rollout/documents.js';

const running = begun();
const back = done(rollBack(running, by('gate')));

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'serin-reporter-'));
});
afterEach(() => {
  rmSync(stateDir, { recursive: true });
});

const reports = (): string[] => {
  const folder = join(stateDir, 'reports');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.md')) : [];
};

/** The reporter of a process, its rollout as `document` says, with the real store and the real evidence. */
function reporterOf(
  store: FileRolloutStore,
  document: RolloutDocument,
): { reporter: RolloutReporter; tell: MoveListener } {
  const config = { ...loadConfig({ cwd: ROOT, env: {} }), stateDir };
  const book = new EvidenceBook(config, store);
  book.follow(running);
  book.follow(document);
  let tell: MoveListener = () => undefined;
  const moves = {
    documents: () => [document],
    onMove: (listener: MoveListener) => {
      tell = listener;
    },
  };
  const reporter = new RolloutReporter(
    moves as unknown as RolloutMoves,
    { of: () => undefined } as unknown as RolloutsInForce,
    store,
    book,
    { figures: () => null, judgement: () => null } as unknown as RolloutJudge,
    { of: () => undefined } as unknown as RolloutConfiguration,
    { labels: () => ['NEGATIVE', 'POSITIVE'] } as unknown as RolloutVersions,
    config,
  );
  return { reporter, tell };
}

describe('the reports of a process', () => {
  it('are not of the end that a rollout had already when the next one begins', async () => {
    const store = new FileRolloutStore(stateDir, 'state');
    const { reporter, tell } = reporterOf(store, running);
    const cleared = done(clear(back, by('admin')));
    const { stable, canary, steps, configuration } = cleared;
    const next = { stable, canary, steps, configuration, percent: 1, mode: 'manual', forced: false } as const;
    const origin = { by: 'admin', canary_percent: null } as const;
    const second = done(start(cleared, { ...next, rolloutId: 'r2', origin }, by('admin')));
    const third = done(start(second, { ...next, rolloutId: 'r3', origin }, by('configuration')));
    let before = running;
    for (const document of [back, cleared, second, third]) {
      const move = document.history.at(-1);
      if (move !== undefined) tell(document, move, before);
      before = document;
    }
    await reporter.onApplicationShutdown();
    // The second never had an end, and was replaced by the third.
    expect(reports().sort()).toEqual(['sentiment-r1-r2.md', 'sentiment-r2-r5.md']);
    await store.close();
  });

  it('are made up for once it takes over from one that died, with what that one has kept', async () => {
    const first = new FileRolloutStore(stateDir, 'state');
    const seen = new RolloutEvidence(1, false);
    for (let i = 0; i < 7; i++) seen.addOutcome('canary', { said: [1], latencyMs: 5 });
    await first.saveEvidence('sentiment', 'r1', { document: seen.toDocument(), seen: seen.seenBytes() });
    const store = new FileRolloutStore(stateDir, 'state');
    const { reporter } = reporterOf(store, back);
    reporter.onApplicationBootstrap();
    expect([store.leads(), reports()]).toEqual([false, []]);

    await first.close();
    await vi.waitFor(() => {
      expect(reports()).toEqual(['sentiment-r1-r2.md']);
    }, 20_000);
    const json = readFileSync(join(stateDir, 'reports/sentiment-r1-r2.json'), 'utf8');
    expect((JSON.parse(json) as RolloutReport).figures?.total.canary.requests).toBe(7);
    await reporter.onApplicationShutdown();
    await store.close();
  });
});
