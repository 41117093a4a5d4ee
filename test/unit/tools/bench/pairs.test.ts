import { describe, expect, it } from 'vitest';
import { compareTurns } from '../../../../src/tools/bench/compare-runs.js';
import type { LoadReport } from '../../../../src/tools/bench/load-report.js';
import type { RunReport } from '../../../../src/tools/bench/bench-report.js';

const ROUNDS = 6;

/** A service that gets twice as slow from round to round. @param lacks a round without an answer */
function drifting(name: string, lacks: number | null): RunReport {
  const rounds = Array.from({ length: ROUNDS }, (_, round) => ({
    round,
    answered_per_s: 100,
    p50_ms: 2 ** round * (1 + 0.01 * (round % 2)),
    p99_ms: 2 ** round,
  })).filter(({ round }) => round !== lacks);
  const load = { load: { kind: 'closed', connections: 32 }, rounds } as unknown as LoadReport;
  return { name, url: 'http://127.0.0.1:1', settings: {}, loads: [load] };
}

const warning = (rounds: number): string =>
  `32 connections: ${rounds} of ${ROUNDS} rounds are compared; the others have no figures of both.`;

describe('rounds', () => {
  it('are paired by their number, where both lack another one', () => {
    const { figures, warnings } = compareTurns(drifting('A', 1), drifting('B', 4), ROUNDS);
    expect(warnings).toEqual([warning(4)]);
    // A shift by one would make pairs that differ twofold.
    expect(figures.map(({ ratio, low, high }) => [ratio, low, high])).toEqual([
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
    ]);
  });

  it('are compared where one of them lacks some, and all of them without a warning', () => {
    const { figures, warnings } = compareTurns(drifting('A', 5), drifting('B', null), ROUNDS);
    expect(figures).toHaveLength(3);
    expect(warnings).toEqual([warning(5)]);
    expect(compareTurns(drifting('A', null), drifting('B', null), ROUNDS).warnings).toEqual([]);
  });

  it('of a load that one of them lacks are said to be missing', () => {
    const { figures, warnings } = compareTurns(
      drifting('A', null),
      { ...drifting('B', null), loads: [] },
      ROUNDS,
    );
    expect(figures).toEqual([]);
    expect(warnings).toEqual([warning(0)]);
  });
});
