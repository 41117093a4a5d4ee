import { describe, expect, it } from 'vitest';
import type { CandidateFigures, VersionFigures } from '../../../../src/tools/evaluate/version-figures.js';
import { renderLatency } from '../../../../src/tools/evaluate/latency-svg.js';
import { renderMarkdown } from '../../../../src/tools/evaluate/render-markdown.js';
import { renderReliability } from '../../../../src/tools/evaluate/reliability-svg.js';
import { recordOf } from '../../../../src/tools/evaluate/write-record.js';
import type { EvaluationReport } from '../../../../src/tools/evaluate/evaluation-report.js';
import { expectFits, LONG_MODEL, LONG_VERSION, NARROW } from '../../../support/narrow-screen.js';
import { markdownOnScreen } from '../../../../src/base/terminal/markdown-on-screen.js';

const speed = (tokens: number, ms: number) => ({
  tokens,
  alone_p50_ms: ms,
  alone_p95_ms: 2 * ms,
  texts_per_s_by_rows: { 1: 1000 / ms, 2: 1500 / ms },
  best_rows: 2,
  best_texts_per_s: 1500 / ms,
});
const bin = (confidence: number, accuracy: number) => ({
  texts: 50,
  confidence,
  accuracy,
  interval: [accuracy - 0.1, accuracy + 0.1] as const,
});

const figures = (version: string, ms: number): VersionFigures => ({
  version,
  manifest_sha256: version.padEnd(64, '0'),
  precision: 'int8',
  accuracy: { correct: 90, n: 100, accuracy: 0.9, interval_95: [0.83, 0.94] },
  unanswered: 0,
  truncated: 0,
  labels: [
    { label: 'A|B', support: 50, precision: 0.9, recall: 0.9, f1: 0.9 },
    { label: 'C', support: 50, precision: null, recall: 0, f1: 0 },
  ],
  macro_f1: 0.45,
  confusion: [
    [45, 5],
    [50, 0],
  ],
  calibration: { expected_error: 0.0123, brier_score: 0.2, bins: [bin(0.6, 0.5), bin(0.9, 0.8)] },
  cost: {
    bytes: 24_300_000,
    load_ms: 1500,
    worker_rss_bytes: 193_000_000,
    texts_per_s: 1234.5,
    by_length: [speed(8, ms), speed(128, 10 * ms)],
  },
  parity: null,
});
const variation = { texts: 100, label_flips: 3, max_score_change: 0.25 };
const candidate: CandidateFigures = {
  ...figures('v2', 1.5),
  runs_alone: true,
  batch_variance: { mixed: variation, padded: variation, label_flips: 6, max_score_change: 0.25 },
};
const report: EvaluationReport = {
  schema_version: 1,
  model: 'sentiment',
  data: {
    ...{ name: 'dev.tsv', sha256: 'f'.repeat(64), lines: 203, continued_lines: 2 },
    ...{ rows: 200, n: 100, duplicates: 2, contradictions: 1 },
  },
  candidate,
  against: figures('v1', 6),
  comparison: {
    accuracy_drop_points: -1.5,
    interval_95_points: [-3, 0.5],
    lost: 1,
    won: 3,
    mcnemar_p: 0.625,
    disagreements: {
      texts: 25,
      directions: [{ against: 'A|B', candidate: null, texts: 25 }],
      examples: [{ line: 7, label: 'C', against: 'A|B', candidate: null, text: 'a\nb | c' }],
    },
    score_shift: { mean: 0.01, max: 0.2 },
  },
  limits: { max_accuracy_drop_points: -2, min_accuracy: null, confident: false, max_batch_label_flips: 0 },
  decision: {
    accepted: false,
    runs: 'alone',
    checks: [{ check: 'accuracy_drop', state: 'fail', sentence: 'too small a rise' }],
    reasons: ['too small a rise'],
  },
  machine: {
    cpu: 'a CPU',
    features: ['avx2'],
    workers: 2,
    threads_per_worker: 1,
    node: '20.20.0',
    onnxruntime: '1.30.0',
    serin: '0.1.0',
  },
  at: '2026-01-02T03:04:05.000Z',
  duration_s: 31.4,
};

describe('the report for people', () => {
  const text = renderMarkdown(report);

  it.each([
    '# Evaluation of sentiment/v2 against v1\n\n**Refused.** It runs one text at a time.\n',
    '- accuracy drop: **NO**: too small a rise\n',
    'Data: dev.tsv with 203 lines (2 of them inside a record that began earlier), 100 of 200 texts, evenly spread, 2 repeated texts, 1 of them with another label',
    'Accuracy rises by 1.50 points (95 % interval of the drop -3.00 to 0.50): 1 text lost, 3 won, McNemar p = 0.63.',
    '25 texts get another label:\n- A\\|B to no answer: 25\n',
    '| line | label | before | now | text |\n| --- | --- | --- | --- | --- |\n| 7 | C | A\\|B | no answer | a b \\| c |\n\nand 24 more',
    '| C | v2 | 50 | - | 0.00 % | 0.0000 |',
    '| mixed | 100 | 3 | 2.5e-1 |',
    '| texts/s on the data | 1,235 | 1,235 |',
    '| 8 | v2 | 1.5 ms | 3.0 ms | 667 | 1,000 | 2 |\n| 8 | v1 | 6.0 ms |',
    '2 worker processes with 1 thread on a CPU; Serin 0.1.0',
  ])('says %j', (part) => {
    expect(text).toContain(part);
  });

  it('has a row of as many cells under each heading', () => {
    for (const block of text.split('\n\n').filter((part) => part.startsWith('|'))) {
      const cells = block
        .trim()
        .split('\n')
        .map((line) => line.replaceAll('\\|', '').split('|').length);
      expect(new Set(cells).size).toBe(1);
    }
  });

  it('speaks of one version where there is one', () => {
    const alone = renderMarkdown({ ...report, against: null, comparison: null });
    expect(alone).toMatch(/^# Evaluation of sentiment\/v2\n/);
    expect(alone).not.toMatch(/v1|Difference/);
  });
});

describe('the charts', () => {
  const versions = [candidate, figures('v1', 6)];
  const points = (svg: string): number[][] =>
    [...svg.matchAll(/<polyline class="line \w+" points="([^"]*)"/g)].map(([, list = '']) =>
      list.split(' ').map((point) => Number(point.split(',')[1])),
    );

  it('draw each version inside the frame', () => {
    for (const svg of [renderReliability(versions), renderLatency(versions)]) {
      const heights = points(svg);
      expect(heights).toHaveLength(2);
      for (const y of heights.flat()) expect(y >= 60 && y <= 390).toBe(true);
    }
  });

  it('draw what is slower higher, and what is right more often too', () => {
    const [fast = [], slow = []] = points(renderLatency(versions));
    expect(slow[0]).toBeLessThan(fast[0] ?? 0);
    expect(fast[1]).toBeLessThan(fast[0] ?? 0);
    const [bins = []] = points(renderReliability(versions));
    expect(bins[1]).toBeLessThan(bins[0] ?? 0);
  });
});

it('keeps of a report what a rollout decides by, and what it was decided by', () => {
  expect(recordOf(report)).toMatchObject({
    version: 'v2',
    manifest_sha256: candidate.manifest_sha256,
    decision: 'refused',
    reasons: ['too small a rise'],
    runs: 'alone',
    against: { version: 'v1', manifest_sha256: 'v1'.padEnd(64, '0') },
    data: { name: 'dev.tsv', sha256: 'f'.repeat(64), n: 100, rows: 200, lines: 203 },
    figures: { accuracy_drop_points: -1.5, batch_label_flips: 6, parity_max_score_difference: null },
    serin: '0.1.0',
  });
});

it('fits in 80 columns as tables of text', () => {
  const text = expectFits(
    markdownOnScreen(
      renderMarkdown({
        ...report,
        model: LONG_MODEL,
        candidate: { ...candidate, version: LONG_VERSION },
        against: figures('2026-08-01-float', 6),
      }),
      NARROW,
    ),
  );
  expect(text).not.toMatch(/\*/);
  expect(text).toMatch(/^A\|B +2026-09-14-int8-calibrated +50 /m);
});
