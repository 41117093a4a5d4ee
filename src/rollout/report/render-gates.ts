import { renderTable } from '../../base/charts/tables.js';
import { count, duration, plain, share } from '../../base/format.js';
import type { GateRow, GateUnit } from '../gates/types.js';

/** One row per gate, as a table of text. */
export function renderGates(gates: readonly GateRow[]): string {
  return renderTable(
    ['gate', 'state', 'observed', 'limit', 'between', 'n', ''],
    gates.map((row) => [...gateCells(row), row.sentence]),
  );
}

/** Name, state, observed value, limit, bounds and samples of a gate, formatted for people. */
export function gateCells({ gate, state, unit, observed, limit, lower, upper, n }: GateRow): string[] {
  const bounds =
    lower === null && upper === null ? '-' : `${figureIn(lower, unit)} … ${figureIn(upper, unit)}`;
  return [gate, state, figureIn(observed, unit), figureIn(limit, unit), bounds, count(n)];
}

function figureIn(value: number | null, unit: GateUnit): string {
  if (value === null) return '-';
  switch (unit) {
    case 'share':
      return share(value);
    case 'samples':
      return count(Math.round(value));
    case 'ms':
      return duration(value);
    case 'ratio':
    case 'kpi':
      return plain(value);
    default:
      return unit satisfies never;
  }
}
