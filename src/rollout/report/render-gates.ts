import { fitTable } from '../../base/terminal/fit-table.js';
import type { Screen, Style } from '../../base/terminal/screen.js';
import { count, duration, plain, share } from '../../base/format.js';
import type { GateRow, GateUnit } from '../gates/types.js';

const STATE_STYLES: Readonly<Record<GateRow['state'], Style>> = {
  pass: 'green',
  fail: 'red',
  open: 'yellow',
  not_enough_data: 'yellow',
  off: 'dim',
};

/** One row per gate, as a table of text; its sentence stands below it where the screen is narrow. */
export function gateLines(gates: readonly GateRow[], screen: Screen): string[] {
  return fitTable(
    ['gate', 'state', 'observed', 'limit', 'between', 'n', ''],
    gates.map((row) => {
      const [gate = '', state = '', ...figures] = gateCells(row);
      return [gate, screen.paint(STATE_STYLES[row.state], state), ...figures, row.sentence];
    }),
    screen,
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
