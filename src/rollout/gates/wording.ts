import type { GateUnit } from './types.js';

/** Three digits that matter, and no zeros behind them. */
const short = (value: number): string => String(Number(value.toPrecision(3)));

/** 12,345. */
export const wholeNumber = (value: number): string => Math.round(value).toLocaleString('en-US');

/** A figure in its unit, for a sentence. */
export function figure(value: number, unit: GateUnit): string {
  switch (unit) {
    case 'share':
      return `${short(value * 100)} %`;
    case 'ratio':
      return short(value);
    case 'samples':
      return wholeNumber(value);
    case 'ms':
      return `${short(value / 60_000)} min`;
    case 'kpi':
      return short(value);
  }
}
