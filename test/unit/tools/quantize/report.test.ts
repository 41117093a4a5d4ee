import { expect, it } from 'vitest';
import { renderQuantizeReport, type QuantizeReport } from '../../../../src/tools/quantize/quantize-report.js';

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
  ['text-classification', /serin evaluate tone\/v2 --against v1 --data FILE --record\n$/],
  [
    'multi-label-classification',
    /one label per text only: .* serin canary set tone --version v2 .*--force\n$/,
  ],
] as const)('a report of %s ends with what comes next', (task, next) => {
  expect(renderQuantizeReport({ ...REPORT, task })).toMatch(next);
});
