import { describe, expect, it } from 'vitest';
import type { Processors } from '../../../../src/base/machine/processors.js';
import type { ModelVersion } from '../../../../src/registry/model-version.js';
import { choose, type Measured } from '../../../../src/tools/tune/choose-setting.js';
import { renderFrontier } from '../../../../src/tools/tune/frontier-svg.js';
import { renderReport } from '../../../../src/tools/tune/render-tune.js';
import { machineNotes, makeReport, type TuneReport } from '../../../../src/tools/tune/tune-report.js';
import { GRID, MANIFEST, measured, pointOf } from './points.js';
import { expectFits, LONG_MODEL, LONG_VERSION, NARROW } from '../../../support/narrow-screen.js';

const PROCESSORS: Processors = {
  processors: 2,
  physicalCores: 2,
  quota: Infinity,
  granted: 2,
  model: 'A CPU',
  features: null,
  numaNodes: 1,
};

function report(finalists: readonly Measured[], sloP95Ms: number | null = null): TuneReport {
  const version = { model: 'm', version: 'v1', digest: 'abc', manifest: MANIFEST } as unknown as ModelVersion;
  return makeReport(
    {
      ended: 'done',
      clients: 64,
      grid: GRID,
      plan: { points: GRID, rounds: [500], leftOut: null },
      search: { finalists: [], rates: new Map(), rounds: [{ points: 42, sliceMs: 500 }] },
      measured: finalists,
      choice: choose(finalists, sloP95Ms),
      gridComparison: null,
    },
    {
      version,
      processors: PROCESSORS,
      source: 'a file',
      texts: 1000,
      sloP95Ms,
      requestTimeoutMs: 2000,
      maxTexts: 10,
      now: { workers: 2, threads: 1 },
      loadAverage: 0,
    },
  );
}

const NOW = measured(pointOf(2, 1, 192), [1000, 1010], [5, 10, 20]);

describe('the report', () => {
  it('says what is to be gained, and what the manifest would have to say', () => {
    const better = measured(pointOf(2, 1, 384, 'no fusions'), [1200, 1212], [5, 10, 20]);
    const made = report([NOW, better]);
    expect(made.gain).toBeCloseTo(0.2, 10);
    expect(made.settings).toEqual({ workers: 2, threads_per_worker: 1, queue_limit: 1206 });
    expect(made.manifest_change).toEqual({
      session: { graph_optimization_level: 'basic', disabled_optimizers: [] },
      batching: { max_padded_tokens: 384, runs_alone: false },
    });
    const text = renderReport(made);
    expect(text).toMatch(/^> +2 × 1 +384 +no fusions +1206 \(1200 to 1212\) +5 ms +10 ms +20 ms +frontier$/m);
    expect(text).toMatch(/^ +2 × 1 +192 .* now$/m);
    expect(text).toContain('It answers 20 % more than what is configured now.');
    expect(text).toContain('"max_padded_tokens":384');
  });

  it('says so when nothing is to be gained', () => {
    const made = report([NOW, measured(pointOf(1, 2, 192), [700, 700], [9, 30, null])]);
    expect(made).toMatchObject({ gain: 0, manifest_change: null });
    const text = renderReport(made);
    expect(text).toContain('nothing is to be gained by changing it');
    expect(text).toContain('too much');
  });

  it('tells ties, and that the simplest was taken', () => {
    const text = renderReport(report([NOW, measured(pointOf(2, 1, 256), [1001, 1011], [5, 10, 20])]));
    expect(text).toMatch(/2 settings share the first place.*the simplest/);
    expect(text).toMatch(/^> .* 192 .*tie, now$/m);
  });

  it('says that the order is uncertain when noise explains more than the margin', () => {
    const [noisy, quiet] = [
      measured(pointOf(2, 1, 192), [800, 1200]),
      measured(pointOf(2, 1, 192), [999, 1001]),
    ];
    expect(renderReport(report([noisy]))).toMatch(/^UNCERTAIN: noise alone explains differences of 56\.6 %/m);
    expect(renderReport(report([quiet]))).not.toContain('UNCERTAIN');
  });

  it('tells an SLO that nothing keeps', () => {
    const text = renderReport(report([NOW], 1));
    expect(text).toContain('No setting keeps a p95 of 1 ms');
  });

  it('says that the machine was not quiet', () => {
    expect(machineNotes({ processors: PROCESSORS, loadAverage: 0.4 })).toEqual([]);
    expect(machineNotes({ processors: PROCESSORS, loadAverage: 3 })[0]).toMatch(
      /^NOT QUIET: the load average was 3\.0/,
    );
  });

  it('is drawn with its frontier and its choice, also when no latency was measured', () => {
    const slow = measured(pointOf(1, 2, 192), [700, 700], [9, 30, null]);
    const drawing = renderFrontier(report([NOW, slow]));
    expect(drawing.match(/<circle/g)).toHaveLength(2);
    expect(drawing.match(/class="point chosen"/g)).toHaveLength(1);
    expect(renderFrontier(report([measured(pointOf(1, 2, 192), [700])]))).not.toContain('NaN');
  });
});

it('fits in 80 columns', () => {
  const made = report([NOW, measured(pointOf(2, 1, 384, 'no fusions'), [1200, 1212], [5, 10, 20])], 100);
  const point = {
    workers: 2,
    threads_per_worker: 1,
    max_padded_tokens: 384,
    session: 'no fusions',
    texts_per_s: 1200,
  };
  const wide = {
    ...made,
    model: LONG_MODEL,
    version: LONG_VERSION,
    queue_limit_why:
      'at 73 texts/s, 7 texts would take the 100 ms of the SLO, but it is at least twice MAX_TEXTS',
    full_grid: { points: [point], best: point, best_texts_per_s: 1210, chosen_texts_per_s: 1200, loss: 0.01 },
  } as unknown as TuneReport;
  const text = expectFits(renderReport(wide, NARROW));
  expect(text).toMatch(/^# at 73 texts\/s.*\n# .*\nqueue_limit: \d+$/m);
  expect(text).toMatch(/^> +2 × 1 /m);
});
