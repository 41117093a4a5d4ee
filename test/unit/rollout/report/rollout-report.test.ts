import { describe, expect, it } from 'vitest';
import { RolloutEvidence } from '../../../../src/rollout/evidence/rollout-evidence.js';
import { renderReport, renderReportPlots } from '../../../../src/rollout/report/render-report.js';
import {
  reportOf,
  type ReportParts,
  type RolloutReport,
} from '../../../../src/rollout/report/rollout-report.js';
import { pointOf } from '../../../../src/rollout/report/series-point.js';
import {
  promote,
  rollBack,
  start,
  untouched,
  type MoveResult,
} from '../../../../src/rollout/rollout-machine.js';
import type { MoveFigures, RolloutDocument } from '../../../../src/rollout/rollout-types.js';
import { figuresOf } from '../../../../src/rollout/rollout-view.js';
import { DEFAULT_GATES } from '../../../../src/base/config/rollout-config.js';
import { pairOf } from '../../../support/label-versions.js';
import { wellFormed } from '../../../support/well-formed.js';

const LABELS = ['NEGATIVE', 'POSITIVE'];
const STABLE = { version: 'v1', digest: 'a'.repeat(64) };
const CANARY = { version: 'v2', digest: 'b'.repeat(64) };
const TEXT = 'what a user wrote | <b>';

const moved = (result: MoveResult): RolloutDocument => {
  if (result.kind !== 'moved') throw new Error(result.kind);
  return result.document;
};
const context = (second: number, detail: string): Parameters<typeof rollBack>[1] => ({
  at: new Date(1e12 + second * 1000).toISOString(),
  cause: { by: 'admin', detail, request_id: null },
  figures: null,
});

const before = untouched('sentiment', {
  stable: STABLE,
  canary: CANARY,
  mode: 'manual',
  steps: [{ percent: 50, hold_ms: 1000 }],
  configuration: '',
});
const running = moved(
  start(
    before,
    {
      rolloutId: 'an-id',
      stable: STABLE,
      canary: CANARY,
      percent: 50,
      mode: 'manual',
      steps: before.steps,
      forced: false,
      origin: { by: 'admin', canary_percent: null },
      configuration: '',
    },
    context(0, 'set'),
  ),
);

/** Seen: 20 texts, two of them with another label. */
function seen(keepTexts = false): RolloutEvidence {
  const evidence = new RolloutEvidence(running.visit, keepTexts);
  for (let i = 0; i < 20; i++) {
    const canary = { label: i < 2 ? 0 : 1, score: 0.8 };
    evidence.addPair(`${TEXT} ${i}`, pairOf({ label: 1, score: 0.9 }, canary));
    evidence.addOutcome('canary', { said: [canary.label], latencyMs: 5 });
    evidence.addOutcome('stable', { said: [1], latencyMs: 8 });
  }
  const figures = figuresOf({ labelCount: 2, ...evidence.windows(running.visit) }, LABELS);
  for (const second of [1, 2, 3]) {
    const point = pointOf(1e12 + second * 1000, 50, figures, null);
    if (point !== null) evidence.addPoint(point);
  }
  return evidence;
}

function partsOf(document: RolloutDocument, outcome: ReportParts['outcome'], keepTexts = false): ReportParts {
  const end = document.history.at(-1);
  if (end === undefined) throw new Error('no move');
  return {
    document,
    outcome,
    end,
    evidence: seen(keepTexts).toDocument(),
    settings: DEFAULT_GATES,
    labels: LABELS,
  };
}

describe('the report of a rollout', () => {
  it('of a rollback tells the decision, the gates of its last step, and both sides', () => {
    const report = reportOf(partsOf(moved(rollBack(running, context(9, 'too many flips'))), 'rolled_back'));
    expect(report).toMatchObject({
      outcome: 'rolled_back',
      decision: 'ROLLED BACK v2 to v1, by admin: too many flips',
      began_at: '2001-09-09T01:46:40.000Z',
      ended_at: '2001-09-09T01:46:49.000Z',
      stable: STABLE,
      canary: CANARY,
      revision: 2,
    });
    expect(report.figures?.total.pairs).toMatchObject({ texts: 20, disagreements: 2 });
    // The step of the rollback itself is empty: the figures are of the one before.
    expect(report.figures?.step.canary.requests).toBe(20);
    expect(report.verdict?.gates.find(({ gate }) => gate === 'disagreement')?.observed).toBe(0.1);
    const markdown = renderReport(report, 'plots.svg');
    expect(markdown).toContain('**Decision: ROLLED BACK v2 to v1, by admin: too many flips**');
    expect(markdown).toContain('](plots.svg)');
    expect(markdown).toMatch(/\| disagreement +\| \w+ +\| 10 % +\| 3 % +\|/);
    expect(markdown).toContain('20 distinct texts were answered by both versions; 2 got another label (10 %');
    expect(markdown).toMatch(/roll_back {2}v2 {2}running 50 % → rolled_back 0 %/);
  });

  it('does not take the oldest move that is left for the beginning', () => {
    const document = moved(rollBack(running, context(9, 'x')));
    const cut = { ...document, history: document.history.slice(1) };
    expect(reportOf(partsOf(cut, 'rolled_back'))).toMatchObject({
      began_at: null,
      moves: [{ move: 'roll_back' }],
    });
  });

  it('of a promotion has the versions in the roles that they had', () => {
    const report = reportOf(partsOf(moved(promote(running, context(9, 'good'))), 'promoted'));
    expect(report).toMatchObject({ stable: STABLE, canary: CANARY });
    expect(report.decision).toBe('PROMOTED v2 in place of v1, by admin: good');
  });

  it('shows what users wrote only where texts may be logged', () => {
    const document = moved(rollBack(running, context(9, 'x')));
    for (const keepTexts of [false, true]) {
      const report = reportOf(partsOf(document, 'rolled_back', keepTexts));
      expect(report.flips).toHaveLength(2);
      expect(JSON.stringify(report).includes(TEXT)).toBe(keepTexts);
      // A text cannot end a cell of the table early.
      expect(renderReport(report, 'x.svg').includes(String.raw`what a user wrote \| <b> 0`)).toBe(keepTexts);
    }
  });

  it('has plots that are well-formed, with every point', () => {
    const report = reportOf(partsOf(moved(rollBack(running, context(9, '<x> & "y"'))), 'rolled_back'));
    const svg = renderReportPlots(report);
    expect(wellFormed(svg)).toBe('svg');
    expect(report.series.points).toHaveLength(3);
    expect(svg).toContain('>start 50 %<');
    expect(svg).toContain('>allowed: 3 %<');
  });

  it('stands without evidence, and says what the last move has kept', () => {
    const withoutEvidence = (figures: MoveFigures | null): RolloutReport => {
      const end = { ...context(9, 'x'), figures };
      return reportOf({ ...partsOf(moved(rollBack(running, end)), 'rolled_back'), evidence: null });
    };
    const report = withoutEvidence(null);
    expect(report).toMatchObject({ verdict: null, figures: null, flips: [] });
    expect(renderReport(report, 'x.svg')).toContain('What was measured is not at hand');
    expect(wellFormed(renderReportPlots(report))).toBe('svg');

    const known: MoveFigures = {
      verdict: 'roll_back',
      elapsed_in_step_ms: 1000,
      pairs: 300,
      disagreements: 17,
      stable_requests: 400,
      stable_errors: 1,
      canary_requests: 200,
      canary_errors: 2,
    };
    const markdown = renderReport(withoutEvidence(known), 'x.svg');
    expect(markdown).toContain('300 distinct texts were answered by both versions, 17 got another label');
    expect(markdown).toContain('200 requests to the canary with 2 errors, 400 to the stable version with 1.');
  });

  it('does not speak of what was lost where the canary never got anything', () => {
    const idle = { ...running, phase: 'idle' as const, percent: 0, history: [] };
    const parts = { ...partsOf(moved(rollBack(idle, context(9, 'x'))), 'rolled_back'), evidence: null };
    expect(renderReport(reportOf(parts), 'x.svg')).toContain('Nothing was measured.');
  });
});
