import { count, duration, short } from '../../base/format.js';
import type { GateUnit } from './types.js';

/** 12,345. */
export const wholeNumber = (value: number): string => count(Math.round(value));

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
      return duration(value);
    case 'kpi':
      return short(value);
  }
}
