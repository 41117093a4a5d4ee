import { expect, it } from 'vitest';
import { renderQuantizeReport, type QuantizeReport } from '../../../../src/tools/quantize/quantize-report.js';
import { expectFits, LONG_MODEL, LONG_VERSION, NARROW } from '../../../support/narrow-screen.js';

const REPORT: QuantizeReport = {
  schema_version: 1,
  model: 'tone',
  task: 'text-classification',
  source: 'tone/v1',
  version: 'v2',
  folder: 'tone/v2',
  method: 'dynamic',
  weight_bits: 7,
  calibration: null,
  model_bytes: { before: 100, after: 50 },
  quantized: { products: 1, tables: 1 },
  left_out: [],
  largest_weight_error: null,
  agreement: null,
  batch_variance: null,
  runs_alone: true,
  budget: null,
  duration_s: 1,
};

it.each([
  ['text-classification', /npx serin evaluate tone\/v2 --against v1 --data FILE --record\n$/],
  [
    'multi-label-classification',
    /one label per text only: .*\n {2}npx serin canary set tone --version v2 .*--force\n$/,
  ],
] as const)('a report of %s ends with what comes next', (task, next) => {
  expect(renderQuantizeReport({ ...REPORT, task })).toMatch(next);
});

it('fits in 80 columns, and its next command can be copied', () => {
  const layers = Array.from({ length: 12 }, (_, i) => ({
    name: `layers.${i}.attention.output.product`,
    reason: "its result is the model's answer",
  }));
  const report = {
    ...REPORT,
    task: 'text-classification' as const,
    model: LONG_MODEL,
    version: LONG_VERSION,
    source: `${LONG_MODEL}/2026-08-01-float`,
    left_out: layers,
    largest_weight_error: { layer: 'layers.11.attention.output.product', error: 0.0631 },
    agreement: { texts: 512, labels_equal: 509, max_score_change: 0.1534 },
  } as unknown as QuantizeReport;
  const text = expectFits(renderQuantizeReport(report, NARROW));
  const command = text.slice(text.indexOf('serin evaluate'));
  expect(command.replaceAll(/ \\\n +/g, ' ')).toBe(
    `serin evaluate ${LONG_MODEL}/${LONG_VERSION} --against 2026-08-01-float --data FILE --record\n`,
  );
});
