import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareTurns, compareWithEarlier } from '../../../../src/tools/bench/compare-runs.js';
import { renderContributors } from '../../../../src/tools/bench/contributors-svg.js';
import type { LatencyParts } from '../../../../src/tools/bench/contributors.js';
import { loadsOf, readEarlierReport, requireCommonLoad } from '../../../../src/tools/bench/earlier-report.js';
import { renderLatency } from '../../../../src/tools/bench/latency-svg.js';
import type { LoadReport, RoundFigures } from '../../../../src/tools/bench/load-report.js';
import type { Load } from '../../../../src/tools/bench/loads.js';
import { renderMarkdown } from '../../../../src/tools/bench/render-markdown.js';
import type { BenchReport, RunReport } from '../../../../src/tools/bench/bench-report.js';
import { writeReport } from '../../../../src/tools/bench/write-report.js';
import { seededRandom } from '../../../../src/base/seeded-random.js';
import { wellFormed } from '../../../support/well-formed.js';
import { expectFits, LONG_VERSION, NARROW } from '../../../support/narrow-screen.js';
import { markdownOnScreen } from '../../../../src/base/terminal/markdown-on-screen.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-bench-report-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const parts = (quantile: number, queueMs: number): LatencyParts => ({
  quantile,
  requests: 20,
  mean_latency_ms: 10 + queueMs,
  mean_total_ms: 9 + queueMs,
  stages_of_total: 0.991,
  contributors: [
    { name: 'inference', ms: 8, share: 8 / (10 + queueMs) },
    { name: 'queue', ms: queueMs, share: queueMs / (10 + queueMs) },
    { name: 'network and client', ms: 1, share: 1 / (10 + queueMs) },
  ].sort((a, b) => b.ms - a.ms),
});

/** Rounds with a noise of a per cent. */
function roundsOf(perS: number, ms: number, seed: number, rounds = 6): RoundFigures[] {
  const random = seededRandom(seed);
  const noisy = (value: number): number => value * (0.99 + 0.02 * random());
  return Array.from({ length: rounds }, (_, round) => ({
    round,
    answered_per_s: noisy(perS),
    p50_ms: noisy(ms),
    p99_ms: noisy(3 * ms),
  }));
}

const loadReport = (load: Load, ms: number, seed: number, more: Partial<LoadReport> = {}): LoadReport => ({
  load,
  requests: 2400,
  answered: 2400,
  failed: 0,
  errors: {},
  answered_per_s: 200,
  hit_rate: 0.5,
  mean_tokens: 25,
  latency: { p50_ms: ms, p95_ms: 2 * ms, p99_ms: 3 * ms, p999_ms: 4 * ms, max_ms: 5 * ms },
  late: load.kind === 'open' ? { p50_ms: 0.4, p99_ms: 1.2, max_ms: 5 } : null,
  generator_cores: 0.1,
  at_p50: parts(0.5, 0.5),
  at_p99: parts(0.99, 30),
  rounds: roundsOf(200, ms, seed),
  doubts: [],
  ...more,
});

const CLOSED: Load = { kind: 'closed', connections: 32 };
const OPEN: Load = { kind: 'open', ratePerS: 250 };
const FASTER: Load = { kind: 'open', ratePerS: 500 };

const runOf = (name: string, ms: number, seed: number): RunReport => ({
  name,
  url: 'http://127.0.0.1:1',
  settings: name === 'B' ? { WORKERS: '1' } : {},
  loads: [
    { ...loadReport(CLOSED, ms, seed), rounds: roundsOf(4000 / ms, ms, seed) },
    loadReport(OPEN, ms, seed + 1),
    loadReport(FASTER, 2 * ms, seed + 2),
  ],
});

const reportOf = (runs: readonly RunReport[], more: Partial<BenchReport> = {}): BenchReport => ({
  format: 1,
  started_at: '2026-01-02T03:04:05.678Z',
  ended: 'done',
  machine: {
    cpu: 'A processor',
    processors: 2,
    features: 'x64 avx2',
    memory_bytes: 8e9,
    node: '20.20.2',
    onnxruntime: '1.30.0',
    serin: '0.1.0',
    load_average_before: 0.1,
  },
  traffic: {
    model: null,
    version: 'v2',
    lengths: 'mixed',
    hit_share: 0.5,
    seed: 1,
    seconds: 12,
    rounds: 6,
    warm_up_seconds: 2,
  },
  capacity_per_s: 1000,
  runs,
  comparison: null,
  ...more,
});

const ONE = reportOf([runOf('service', 10, 1)]);

describe('two services that took turns', () => {
  it('are asked for rates in the closed loop alone, and for latencies in both', () => {
    const { figures } = compareTurns(runOf('A', 10, 1), runOf('B', 10, 2), 6);
    expect(figures.map(({ load, figure }) => `${load} ${figure}`)).toEqual([
      '32 connections requests/s',
      '32 connections p50',
      '32 connections p99',
      '250 requests/s p50',
      '250 requests/s p99',
      '500 requests/s p50',
      '500 requests/s p99',
    ]);
  });

  it('differ beyond noise where they do, by how much, in words', () => {
    const comparison = compareTurns(runOf('A', 10, 1), runOf('B', 12, 2), 6);
    expect(comparison).toMatchObject({ kind: 'turns', a: 'A (as configured)', b: 'B (WORKERS=1)' });
    expect(comparison.figures.every(({ differs }) => differs)).toBe(true);
    const p50 = comparison.figures.find(({ figure }) => figure === 'p50');
    expect(p50?.ratio).toBeCloseTo(1.2, 1);
    expect(p50?.low).toBeGreaterThan(1.15);
    expect(p50?.high).toBeLessThan(1.25);
    const markdown = renderMarkdown(reportOf([runOf('A', 10, 1), runOf('B', 12, 2)], { comparison }), []);
    expect(markdown).toContain('## Service B: WORKERS=1');
    expect(markdown).toMatch(
      /\*\*32 connections, requests\/s: -1\d(\.\d)? %; 32 connections, p50: \+\d+(\.\d+)? %/,
    );
  });

  it('do not where they do not', () => {
    const comparison = compareTurns(runOf('A', 10, 1), runOf('B', 10, 20), 6);
    expect(comparison.figures.filter(({ differs }) => differs)).toEqual([]);
    expect(renderMarkdown(reportOf([runOf('A', 10, 1)], { comparison }), [])).toContain(
      '**No figure differs beyond noise.**',
    );
  });

  it('are not compared by a round alone', () => {
    const short = (run: RunReport): RunReport => ({
      ...run,
      loads: run.loads.map((load) => ({ ...load, rounds: load.rounds.slice(0, 1) })),
    });
    const comparison = compareTurns(short(runOf('A', 10, 1)), short(runOf('B', 20, 2)), 6);
    expect(comparison.figures).toEqual([]);
    expect(renderMarkdown(reportOf([], { comparison }), [])).toContain('too few rounds');
  });
});

describe('an earlier report', () => {
  const write = (name: string, content: unknown): string => {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };

  it('is read back, and names its loads', () => {
    const earlier = readEarlierReport(write('earlier.json', ONE));
    expect(earlier).toEqual(ONE);
    expect(loadsOf(earlier)).toEqual({ connections: [32], ratesPerS: [250, 500] });
    expect(() => {
      requireCommonLoad('e.json', earlier, { connections: [32], ratesPerS: null });
    }).not.toThrow();
    expect(() => {
      requireCommonLoad('e.json', earlier, { connections: [8], ratesPerS: [100] });
    }).toThrow(
      /e\.json has 32 connections, 250 requests\/s, 500 requests\/s, and none of these is asked for/,
    );
  });

  it('is compared load by load, with a warning that the machine had moments of its own', () => {
    const comparison = compareWithEarlier('earlier.json', ONE, reportOf([runOf('service', 12, 9)]));
    expect(comparison).toMatchObject({ kind: 'earlier', a: 'earlier.json, 2026-01-02 03:04', b: 'now' });
    expect(comparison.figures.every(({ differs }) => differs)).toBe(true);
    expect(comparison.warnings).toHaveLength(1);
  });

  it('of another machine or other traffic is compared with a warning each', () => {
    const earlier = reportOf(ONE.runs, {
      machine: { ...ONE.machine, cpu: 'Another one', node: '22.1.0' },
      traffic: { ...ONE.traffic, hit_share: 0, version: null, rounds: 3, seconds: 6, warm_up_seconds: 1 },
    });
    const { warnings } = compareWithEarlier('e.json', earlier, ONE);
    expect(warnings.slice(1)).toEqual([
      'Not the same machine: CPU: Another one then, A processor now.',
      'Not the same machine: Node.js: 22.1.0 then, 20.20.2 now.',
      'Not the same traffic: version was the default, and is v2.',
      'Not the same traffic: share of hits was 0, and is 0.5.',
      'Not the same traffic: seconds of each load was 6, and is 12.',
      'Not the same traffic: rounds was 3, and is 6.',
      'Not the same traffic: seconds of warm-up was 1, and is 2.',
    ]);
    expect(renderMarkdown({ ...ONE, comparison: compareWithEarlier('e.json', earlier, ONE) }, [])).toContain(
      '- Not the same machine: CPU',
    );
  });

  it.each([
    ['nothing', '', /JSON/],
    ['no JSON', '{', /JSON/],
    ['a list', [], /it has no runs/],
    ['another document', { runs: [] }, /its format is undefined, this serin reads 1/],
    ['another format', { ...ONE, format: 2 }, /its format is 2, this serin reads 1/],
    ['without its time', { ...ONE, traffic: { ...ONE.traffic, seconds: '12' } }, /its seconds, rounds/],
    ['in half a round', { ...ONE, traffic: { ...ONE.traffic, rounds: 0.5 } }, /its seconds, rounds/],
    ['no run', { ...ONE, runs: [] }, /its first run lacks figures/],
    [
      'a load without rounds',
      { ...ONE, runs: [{ ...ONE.runs[0], loads: [{ load: OPEN }] }] },
      /lacks figures/,
    ],
    [
      'a round that is none',
      { ...ONE, runs: [{ loads: [{ load: OPEN, rounds: [{ answered_per_s: 1, p50_ms: 0, p99_ms: 1 }] }] }] },
      /lacks figures/,
    ],
  ])('that is %s is refused in a sentence', (_, content, message) => {
    const path = write('wrong.json', content);
    expect(() => readEarlierReport(path)).toThrow(message);
    expect(() => readEarlierReport(path)).toThrow(/wrong\.json is no report of serin bench --json/);
  });

  it('that is not there is refused in a sentence', () => {
    expect(() => readEarlierReport(join(folder, 'none.json'))).toThrow(/none\.json is no report.*ENOENT/);
  });
});

describe('the report as Markdown', () => {
  const markdown = renderMarkdown(ONE, []);

  it('names what was measured, where and with what', () => {
    expect(markdown).toContain(
      '- the default model, v2; texts: mixed, 25 tokens on average, 50 % of the requests repeat one (seed 1)',
    );
    expect(markdown).toContain('rates are shares of 1,000 requests/s, measured first');
    expect(markdown).toContain('A processor, 2 processors; Node.js 20.20.2');
  });

  it('has every quantile of every load, and the three largest contributors at p50 and at p99', () => {
    expect(markdown).toMatch(
      /\| 250\/s +\| 200 +\| 10 ms +\| 20 ms +\| 30 ms +\| 40 ms +\| 50 ms +\| 1\.2 ms/,
    );
    expect(markdown).toMatch(
      /\| 250 requests\/s +\| p50 +\| 10\.5 ms +\| inference 8 ms \(76 %\) +\| network and client 1 ms/,
    );
    expect(markdown).toMatch(/\| p99 +\| 40 ms +\| queue 30 ms \(75 %\) +\| inference 8 ms \(20 %\)/);
    expect(markdown).toContain("add up to 99.1 % of the service's own total at p50: within 5 %, yes.");
  });

  it('says when the stages do not add up, when there are none, and what failed', () => {
    const withLoad = (more: Partial<LoadReport>): string =>
      renderMarkdown(reportOf([{ ...runOf('service', 10, 1), loads: [loadReport(OPEN, 10, 1, more)] }]), []);
    const of = (share: number | null): LatencyParts => ({ ...parts(0.5, 1), stages_of_total: share });
    expect(withLoad({ at_p50: of(0.94) })).toContain('add up to 94 % of');
    expect(withLoad({ at_p50: of(0.94) })).toContain('within 5 %, NO.');
    expect(withLoad({ at_p50: of(1.06) })).toContain('within 5 %, NO.');
    expect(withLoad({ at_p50: of(null), at_p99: of(null) })).toContain('have no stage timings');
    expect(withLoad({ failed: 3, errors: { OVERLOADED: 2, NO_ANSWER: 1 } })).toContain(
      '3 of 2,400: 2 OVERLOADED, 1 NO_ANSWER',
    );
    expect(withLoad({ doubts: ['the generator was late'] })).toContain(
      '- NOT TO BE TRUSTED, 250 requests/s: the generator was late.',
    );
    expect(withLoad({ latency: null, at_p50: null, at_p99: null })).toMatch(/\| 250\/s +\| 200 +\| - +\|/);
  });

  it('says when it was cut short', () => {
    expect(renderMarkdown({ ...ONE, ended: 'interrupted' }, [])).toContain('**INTERRUPTED');
    expect(renderMarkdown({ ...ONE, ended: 'service_gone' }, [])).toContain('**THE SERVICE IS GONE');
  });
});

describe('the charts', () => {
  const run = runOf('service', 10, 1);

  it('are well-formed, with a line per quantile and a bar per load and quantile', () => {
    const latency = renderLatency(run) ?? '';
    const contributors = renderContributors(run);
    expect(wellFormed(latency)).toBe('svg');
    expect(wellFormed(contributors)).toBe('svg');
    expect(latency.match(/<polyline/g)).toHaveLength(3);
    expect(contributors.match(/<title>queue: /g)).toHaveLength(6);
    expect(contributors).not.toContain('others');
    expect(latency).not.toMatch(/NaN|Infinity/);
    expect(contributors).not.toMatch(/NaN|Infinity/);
  });

  it('need an open loop, or anything answered', () => {
    expect(renderLatency({ ...run, loads: run.loads.slice(0, 1) })).toBeNull();
    const failed = loadReport(OPEN, 10, 1, { latency: null, at_p50: null, at_p99: null });
    expect(renderLatency({ ...run, loads: [failed] })).toBeNull();
    expect(wellFormed(renderContributors({ ...run, loads: [failed] }))).toBe('svg');
  });

  it('keep more contributors than colours in a rest', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const contributors = names.map((name, i) => ({ name, ms: 9 - i, share: (9 - i) / 42 }));
    const svg = renderContributors({
      ...run,
      loads: [loadReport(OPEN, 10, 1, { at_p50: { ...parts(0.5, 1), contributors }, at_p99: null })],
    });
    expect(svg).toContain('others');
    expect(svg.match(/<title>[a-g]: /g)).toHaveLength(7);
  });

  it('lie beside the report in its folder', () => {
    const path = writeReport(folder, ONE);
    const markdown = readFileSync(path, 'utf8');
    for (const name of ['latency.svg', 'contributors.svg']) {
      expect(markdown).toContain(`![${name}](${name})`);
      expect(wellFormed(readFileSync(join(folder, name), 'utf8'))).toBe('svg');
    }
    expect(readEarlierReport(join(folder, 'bench.json'))).toEqual(ONE);
    writeReport(folder, reportOf([runOf('A', 10, 1), runOf('B', 10, 2)]));
    expect(readFileSync(join(folder, 'latency-b.svg'), 'utf8')).toContain('<svg');
    expect(() => writeReport(join(folder, 'bench.json'), ONE)).toThrow('The report cannot be written');
  });
});

it('fits in 80 columns as tables of text', () => {
  const failed = loadReport(OPEN, 1234, 1, { failed: 12, errors: { OVERLOADED: 11, DEADLINE_EXCEEDED: 1 } });
  const runs = [{ ...runOf('A', 1234, 1), loads: [...runOf('A', 1234, 1).loads, failed] }, runOf('B', 12, 2)];
  const comparison = compareTurns(runOf('A', 10, 1), runOf('B', 12, 2), 6);
  const report = reportOf(runs, { comparison, traffic: { ...ONE.traffic, version: LONG_VERSION } });
  const text = expectFits(markdownOnScreen(renderMarkdown(report, []), NARROW));
  expect(text).not.toMatch(/[|*]/);
  expect(text).toMatch(/^connections +answered\/s +p50,/m);
  expect(text).toMatch(/^32 connections +p50 +10 ms? /m);
});
