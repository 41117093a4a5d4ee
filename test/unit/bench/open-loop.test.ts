import { describe, expect, it } from 'vitest';
import type { BenchLoad, LatencyParts } from '../../../bench/open-loop/serin-bench.js';
import type { OpenLoopRun } from '../../../bench/open-loop/measure.js';
import { QUICK_OPEN_LOOP } from '../../../bench/open-loop/plan.js';
import { readOptions } from '../../../bench/options.js';
import type { Machine } from '../../../bench/report/machine.js';
import { openLoopIsRight, openLoopSection, openLoopTargets } from '../../../bench/open-loop/section.js';
import { withPart } from '../../../bench/report/report-file.js';

const parts = (stagesOfTotal: number | null): LatencyParts => ({
  stages_of_total: stagesOfTotal,
  contributors: [
    { name: 'inference', ms: 3, share: 0.6 },
    { name: 'network and client', ms: 1, share: 0.2 },
    { name: 'queue', ms: 0.5, share: 0.1 },
    { name: 'receive', ms: 0.1, share: 0.02 },
  ],
});

const load = (stagesOfTotal: number | null, more: Partial<BenchLoad> = {}): BenchLoad => ({
  load: { kind: 'open', ratePerS: 250 },
  requests: 2000,
  answered_per_s: 250,
  failed: 0,
  hit_rate: 0.5,
  latency: { p50_ms: 5, p95_ms: 9, p99_ms: 12, p999_ms: null },
  late: { p99_ms: 1.25 },
  at_p50: parts(stagesOfTotal),
  at_p99: parts(stagesOfTotal),
  doubts: [],
  ...more,
});

const run = (kind: OpenLoopRun['kind'], ...loads: BenchLoad[]): OpenLoopRun => ({
  kind,
  version: 'v2',
  capacityPerS: 1000,
  loads,
});

const MACHINE: Machine = {
  cpu: 'A processor',
  cores: 2,
  cpuFeatures: [],
  memoryBytes: 8e9,
  kernel: '6',
  node: 'v20',
  onnxruntime: '1.30.0',
  date: '2026-01-02',
  loadBefore: 0,
};

describe('the section about the open loop', () => {
  const runs = [
    run('baseline', load(null)),
    run('cold', load(0.99, { doubts: ['late'] })),
    run('hits', load(1.04)),
  ];
  const section = openLoopSection(runs, QUICK_OPEN_LOOP, MACHINE);

  it('begins with the unoptimised baseline, names quantiles and the top three, and marks what is doubted', () => {
    const rows = section.split('\n').filter((line) => /^\| (unoptimised|Serin)/.test(line));
    expect(rows.map((row) => row.split(' | ').slice(0, 2).join(' '))).toEqual([
      '| unoptimised baseline, v2 open, 250/s',
      '| Serin, no cache, v2 open, 250/s \\*',
      '| Serin, 50 % hits, v2 open, 250/s',
      '| unoptimised baseline, v2 open, 250/s',
      '| Serin, no cache, v2 open, 250/s',
      '| Serin, 50 % hits, v2 open, 250/s',
    ]);
    expect(rows[2]).toContain('| 5.00 ms | 9.00 ms | 12.00 ms | - | 1.25 ms | 50.0 % | 0 |');
    expect(rows[4]).toContain(
      'inference 3.00 ms (60 %), network and client 1.00 ms (20 %), queue 0.50 ms (10 %) |',
    );
    expect(rows[4]).not.toContain('receive');
  });

  it('checks that the stages add up within 5 % at p50', () => {
    const reached = (...shares: (number | null)[]): boolean | undefined =>
      openLoopTargets([run('cold', ...shares.map((share) => load(share)))])[0]?.reached;
    expect(reached(0.96, null, 1.04)).toBe(true);
    expect(reached(0.96, 0.94)).toBe(false);
    expect(reached(1.06)).toBe(false);
    expect(reached(null)).toBe(false);
  });

  it('is of a run in which everything was answered', () => {
    expect(openLoopIsRight(runs)).toBe(true);
    expect(openLoopIsRight([run('cold', load(1, { failed: 1 }))])).toBe(false);
    expect(openLoopIsRight([run('cold', load(1, { latency: null }))])).toBe(false);
    expect(openLoopIsRight([run('cold')])).toBe(false);
  });

  it('stands before the others, and replaces itself', () => {
    const before = withPart('# Benchmarks\n', 'files', 'about files');
    const once = withPart(before, 'openloop', section);
    expect(once.indexOf('<!-- openloop -->')).toBeLessThan(once.indexOf('<!-- files -->'));
    expect(withPart(once, 'openloop', section)).toBe(once);
  });

  it('is asked for by an option', () => {
    expect(readOptions(['--open-loop', '--quick'])?.openLoop).toEqual(QUICK_OPEN_LOOP);
    expect(readOptions([])?.openLoop).toBeNull();
  });
});
