import { describe, expect, it } from 'vitest';
import { PLAIN } from '../../../../src/base/terminal/screen.js';
import type { DriftReport } from '../../../../src/tools/drift/drift.js';
import { renderReport } from '../../../../src/tools/drift/render-drift.js';
import { expectFits, LONG_MODEL, LONG_VERSION, NARROW } from '../../../support/narrow-screen.js';

const side = { label: 'POSITIVE', score: 0.98, tokens: 11, truncated: false, model_version: LONG_VERSION };
const REPORT = {
  input: 'traffic.jsonl',
  url: 'https://serin.internal:3000',
  model: LONG_MODEL,
  version: LONG_VERSION,
  service_digest: 'a'.repeat(64),
  file_digest: 'b'.repeat(64),
  canary: '2026-09-20-float',
  lines: 100,
  unreadable_lines: 1,
  first_unreadable: { line: 7, problem: 'it is not JSON' },
  tolerance: 1e-5,
  compared: 99,
  equal: 98,
  refused_by_both: 0,
  different: 1,
  failed: 0,
  max_score_difference: 0.01,
  causes: { batch_variance: 1 },
  differences: [
    {
      line: 9,
      text_sha256: 'c'.repeat(64),
      text_chars: 120,
      text: 'a text that goes on and on, '.repeat(5),
      service: side,
      files: { code: 'INFERENCE_FAILED', message: 'The worker process ended while it ran this text, twice.' },
      score_difference: null,
      cause: 'batch_variance',
      explanation: 'within what the texts beside it in a batch do to this version (4.3e-8 on record)',
    },
  ],
} as unknown as DriftReport;

describe('the report of drift', () => {
  it('fits in 80 columns', () => {
    const text = expectFits(renderReport(REPORT, NARROW));
    expect(text).toMatch(/^line 9 {2}c{16} {2}120 characters\n {2}text /m);
    expect(text).toMatch(/^ {2}batch_variance: within .*\n {6}\S/m);
  });

  it('has a line for each side in a pipe', () => {
    expect(renderReport(REPORT, PLAIN).split('\n').slice(0, 2)).toEqual([
      expect.stringContaining('against the file path: digest aaaaaaaaaaaa there, bbbbbbbbbbbb here'),
      expect.stringMatching(/^WARNING: /),
    ]);
  });
});
