import { expect, it } from 'vitest';
import type { DrillReport } from '../../../../../src/tools/rollout/drill/drill-report.js';
import { renderDrillEnd } from '../../../../../src/tools/rollout/drill/render-drill.js';
import { expectFits, LONG_MODEL, LONG_VERSION, NARROW } from '../../../../support/narrow-screen.js';

it('the end of a drill fits in 80 columns, and is painted by its decision', () => {
  const report = {
    model_name: LONG_MODEL,
    stable: { version: '2026-08-01-float' },
    canary: { version: LONG_VERSION },
    decision: 'roll_back',
    reasons: ['Texts with another label: 4.1 % (limit 3 %) over 1,234 distinct texts in the whole rollout.'],
    rollback: { call_ms: 4, requests_after: 1234, canary_after: 0, in_flight: 3, drained_ms: 12, failed: 0 },
    left_at_percent: 0,
  } as unknown as DrillReport;
  const text = renderDrillEnd(report, NARROW);
  expect(expectFits(text)).toMatch(/^Decision: ROLL BACK .*\n {2}\S.*\n {2}Texts /);
  expect(text).toContain('\u001b[31mDecision: ROLL BACK');
});
