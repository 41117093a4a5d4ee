import { describe, expect, it } from 'vitest';
import { emptyTally, type Tally } from '../../../../src/tools/batch/block-tally.js';
import { progressLine } from '../../../../src/tools/batch/progress-line.js';
import { describeSummary } from '../../../../src/tools/batch/run-summary.js';
import { expectFits, LONG_MODEL, LONG_VERSION, NARROW } from '../../../support/narrow-screen.js';

const tally = (lines: number, errors: number): Tally => ({ ...emptyTally(), lines, errors });
const source = (share: number | null) => ({
  total: tally(1_234_567, 1_234),
  resumed: tally(0, 0),
  share: () => share,
});
const line = (columns?: number, share: number | null = 0.5): string =>
  progressLine(source(share), 100_000, 0, columns);

describe('the line of progress', () => {
  it('names the errors first, with a bar where there is room', () => {
    expect(line()).toBe(
      '1,234 errors  [############------------]  50.0 %  ETA 1:40  1,234,567 lines  12,346/s  0 tokens/s',
    );
  });

  it('has a shorter bar, then none, and then loses figures from the end', () => {
    expect(line(90)).toBe(
      '1,234 errors  [#########--------]  50.0 %  ETA 1:40  1,234,567 lines  12,346/s  0 tokens/s',
    );
    expect(line(79)).toBe('1,234 errors  50.0 %  ETA 1:40  1,234,567 lines  12,346/s  0 tokens/s');
    expect(line(50)).toBe('1,234 errors  50.0 %  ETA 1:40  1,234,567 lines');
    expect(line(5)).toBe('1,234 errors');
  });

  it('has neither share nor bar where the size of the input is not known', () => {
    expect(line(80, null)).toBe('1,234 errors  1,234,567 lines  12,346/s  0 tokens/s');
  });

  it('never is wider than the terminal', () => {
    for (let columns = 12; columns <= 120; columns++) {
      for (const share of [0, 0.001, 0.5, 1, null])
        expect(line(columns, share).length).toBeLessThanOrEqual(columns);
    }
  });
});

it('the closing figures fit in 80 columns', () => {
  const summary = {
    lines: 1_234_567,
    errors: 12,
    blank_lines: 3_456,
    input_lines: 2_345_678,
    continued_lines: 3_456,
    resumed_lines: 1_000_000,
    texts_per_s: 1234.5,
    tokens_per_s: 32_010,
    truncated_share: 0.0123,
    tokens_p50: 19,
    tokens_p99: 240,
    wall_s: 3600.1,
    model_name: LONG_MODEL,
    model_version: LONG_VERSION,
    version_digest: 'a'.repeat(64),
  };
  expect(expectFits(describeSummary(summary, NARROW))).toContain('errors     12\n');
  expect(describeSummary(summary, NARROW)).toContain('\u001b[31m12\u001b[39m');
});
