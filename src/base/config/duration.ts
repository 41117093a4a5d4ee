import type { Reading, ValueType } from './value-types.js';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function parse(written: string): number | undefined {
  const [, digits, unit] = /^(\d{1,12}) ?(ms|s|m|h|d)$/.exec(written) ?? [];
  return digits === undefined ? undefined : Number(digits) * (UNIT_MS[unit ?? ''] ?? NaN);
}

/** A time with its unit, in milliseconds: `30m` is 1,800,000. A bare number could mean anything, and is refused. */
export function duration(minMs: number, maxMs: number): ValueType<number> {
  const allowed = `a time with its unit (ms, s, m, h or d) such as 30m, from ${String(minMs)} ms to ${String(maxMs)} ms`;
  const read = (value: unknown): Reading<number> => {
    const ms = typeof value === 'string' ? parse(value) : undefined;
    return ms !== undefined && ms >= minMs && ms <= maxMs
      ? { value: ms }
      : { problem: `allowed is ${allowed}` };
  };
  return { allowed, fromText: read, fromFile: read };
}
