import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noEvidence } from '../../../../src/rollout/evidence/counts.js';
import { alphaOf, limitsOf, stepPart, type StatisticalGate } from '../../../../src/rollout/gates/alpha.js';
import type { GateEvidence, StepInfo } from '../../../../src/rollout/gates/types.js';
import { decide, evaluate } from '../../../../src/rollout/gates/verdict.js';
import { LAST, SETTINGS, STEP, evidenceOf, rowOf } from '../../../support/gate-evidence.js';

describe('the verdict', () => {
  it('promotes a sound canary at the end of a step, with a row per gate', () => {
    const { verdict, gates } = evaluate(evidenceOf(), SETTINGS, STEP);
    expect(verdict).toBe('promote');
    expect(gates.map(({ gate, state }) => [gate, state])).toEqual([
      ['minimum_samples', 'pass'],
      ['hold_time', 'pass'],
      ['disagreement', 'pass'],
      ['error_rate_increase', 'pass'],
      ['latency_ratio', 'pass'],
      ['label_share_shift', 'pass'],
      ['feedback_accuracy_drop', 'off'],
      ['kpi_drop', 'off'],
    ]);
    expect(evaluate(evidenceOf(), SETTINGS, LAST).verdict).toBe('promote');
  });

  it('says how long a step has been in force', () => {
    const { gates } = evaluate(evidenceOf(), SETTINGS, { ...STEP, elapsedMs: 8_040, holdMs: 1_800_000 });
    expect(gates[1]?.sentence).toBe('8 s of 30 min in this step.');
  });

  it('gives times in seconds, minutes and hours', () => {
    const young = { ...STEP, elapsedMs: 3018, holdMs: 5_400_000 };
    expect(rowOf('hold_time', evidenceOf(), SETTINGS, young).sentence).toBe(
      '3 s of 1 h 30 min in this step.',
    );
  });

  it('says the same without rows', () => {
    const cases: [GateEvidence, StepInfo][] = [
      [evidenceOf(), STEP],
      [evidenceOf(), { ...STEP, elapsedMs: 59_999 }],
      [evidenceOf(({ pairs }) => (pairs.disagreements = 400)), LAST],
      [{ ...evidenceOf(), total: noEvidence(), step: noEvidence() }, STEP],
    ];
    const verdicts = cases.map(([evidence, step]) => decide(evidence, SETTINGS, step));
    expect(verdicts).toEqual(['promote', 'hold', 'roll_back', 'not_enough_data']);
    expect(cases.map(([evidence, step]) => evaluate(evidence, SETTINGS, step).verdict)).toEqual(verdicts);
  });

  it('has figures for an empty rollout, and says that nothing is known', () => {
    const empty = { labelCount: 2, total: noEvidence(), step: noEvidence(), saturated: false };
    const all = { ...SETTINGS, feedbackAccuracyDrop: 0.02, kpiDrop: 1 };
    const { verdict, gates } = evaluate(empty, all, LAST);
    expect(verdict).toBe('not_enough_data');
    for (const { gate, observed, lower, upper, sentence } of gates.slice(2)) {
      expect([observed, lower, upper], gate).toEqual([null, null, null]);
      expect(sentence).toContain('no ');
    }
    expect(JSON.stringify(gates)).not.toMatch(/NaN|Infinity/);
  });

  it('rolls back before anything else is known: a failure waits for no minimum', () => {
    const evidence = evidenceOf(({ pairs, canary }) => {
      Object.assign(pairs, { pairs: 40, disagreements: 20 });
      canary.requests = 40;
    });
    expect(evaluate(evidence, SETTINGS, { ...STEP, elapsedMs: 0 }).verdict).toBe('roll_back');
  });

  it('stays defined for huge counts', () => {
    const huge = evidenceOf((window) => {
      Object.assign(window.pairs, { pairs: 1e12, disagreements: 2e10, trafficPairs: 1e13 });
      Object.assign(window.canary, { requests: 1e13, errors: 1e9 });
      Object.assign(window.stable, { requests: 1e13, errors: 1e9 });
    });
    expect(evaluate(huge, SETTINGS, LAST).verdict).toBe('promote');
    for (const { gate, observed, lower, upper } of evaluate(huge, SETTINGS, LAST).gates.slice(2, 6)) {
      expect([observed, lower, upper].every(Number.isFinite), gate).toBe(true);
    }
  });
});

describe('minimum samples and hold time', () => {
  it('want distinct texts in the rollout and canary requests in the step', () => {
    const fewTexts = evidenceOf(({ pairs }) => (pairs.pairs = 499));
    expect(rowOf('minimum_samples', fewTexts)).toMatchObject({ state: 'not_enough_data', observed: 499 });
    const early = { ...evidenceOf(), step: noEvidence() };
    expect(rowOf('minimum_samples', early)).toMatchObject({ state: 'not_enough_data', observed: 0 });
    expect(decide(early, SETTINGS, STEP)).toBe('not_enough_data');
  });

  it('count pairs where users never see the canary', () => {
    const shadow = evidenceOf(({ canary }) => (canary.requests = 0));
    expect(rowOf('minimum_samples', shadow, SETTINGS, { ...STEP, shadow: true }).state).toBe('pass');
    expect(decide(shadow, SETTINGS, { ...STEP, shadow: true })).toBe('promote');
    expect(decide(shadow, SETTINGS, STEP)).toBe('not_enough_data');
  });

  it('say why they may never be met', () => {
    const repeated = evidenceOf(({ pairs }) => Object.assign(pairs, { pairs: 30, trafficPairs: 50_000 }));
    expect(rowOf('minimum_samples', repeated).sentence).toContain('so few distinct texts');
    expect(rowOf('minimum_samples', { ...evidenceOf(), saturated: true }).sentence).toContain('full');
  });
});

describe('the gate on disagreement', () => {
  it.each([
    [10, STEP, 'pass'],
    [149, STEP, 'pass'],
    [155, STEP, 'open'],
    [149, LAST, 'pass'],
    [300, STEP, 'fail'],
  ] as [number, StepInfo, string][])(
    'has %d of 5,000 with a limit of 3 %% and the step %o: %s',
    (k, step, state) => {
      const evidence = evidenceOf(({ pairs }) => (pairs.disagreements = k));
      expect(rowOf('disagreement', evidence, SETTINGS, step).state).toBe(state);
    },
  );

  it('asks for proof where a promotion would take more than half of the users', () => {
    const evidence = evidenceOf(({ pairs }) => Object.assign(pairs, { pairs: 600, disagreements: 15 }));
    const at = (nextPercent: number | null): string =>
      rowOf('disagreement', evidence, SETTINGS, { ...STEP, nextPercent }).state;
    expect([at(5), at(50), at(51), at(null)]).toEqual(['pass', 'pass', 'open', 'open']);
    const row = rowOf('disagreement', evidence, SETTINGS, LAST);
    expect(row.upper).toBeGreaterThan(0.045);
    expect(row.sentence).toContain('to go on it must be known to be below 4.5 %');
  });

  it('shows its bounds on either side of what was observed', () => {
    const row = rowOf(
      'disagreement',
      evidenceOf(({ pairs }) => (pairs.disagreements = 300)),
    );
    expect(row).toMatchObject({ observed: 0.06, limit: 0.03, n: 5000, unit: 'share' });
    expect(row.lower).toBeGreaterThan(0.03);
    expect(row.upper).toBeLessThan(0.08);
    expect(row.sentence).toMatch(/^Texts with another label: 6 % \(limit 3 %\) over 5,000 distinct texts/);
  });

  it('can be passed with a limit of 0, and fails then with the first flip', () => {
    const strict = { ...SETTINGS, disagreement: 0 };
    expect(rowOf('disagreement', evidenceOf(), strict).state).toBe('fail');
    const same = evidenceOf(({ pairs }) => Object.assign(pairs, { disagreements: 0, gained: {}, lost: {} }));
    expect(rowOf('disagreement', same, strict, LAST).state).toBe('pass');
  });

  it('never turns from fail to anything else by more disagreements', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.nat(400), fc.nat(400), (n, k, more) => {
        const fails = (disagreements: number): boolean =>
          rowOf(
            'disagreement',
            evidenceOf(({ pairs }) =>
              Object.assign(pairs, { pairs: n, disagreements: Math.min(n, disagreements) }),
            ),
          ).state === 'fail';
        if (fails(k)) expect(fails(k + more)).toBe(true);
      }),
    );
  });
});

describe('alpha', () => {
  it('is divided among the gates that are on, and among however many steps', () => {
    for (const settings of [
      SETTINGS,
      { ...SETTINGS, feedbackAccuracyDrop: 0.02, kpiDrop: 1, latencyRatio: null },
    ]) {
      const names = Object.keys(limitsOf(settings)) as StatisticalGate[];
      const on = names.filter((name) => limitsOf(settings)[name] !== null);
      expect(on.reduce((sum, name) => sum + alphaOf(name, settings), 0)).toBeCloseTo(settings.alpha, 12);
    }
    const parts = Array.from({ length: 10_000 }, (_, i) => stepPart(i + 1));
    expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 3);
  });
});
