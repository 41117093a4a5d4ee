/** What an answer says about its own time, milliseconds. */
export interface ServerTiming {
  /** By name, in the order of the header; whatever the service measures. */
  readonly stages: ReadonlyMap<string, number>;
  /** The whole, as the service saw it; null when it does not say. */
  readonly totalMs: number | null;
}

const TOTAL = 'total';

/** One metric: a name and its parameters, of which a quoted one may hold commas and semicolons. */
const METRIC = /([!#$%&'*+.^_`|~\w-]+)((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^",;\s]*))*)/g;
const PARAMETER = /;\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",;\s]*))/g;
const NUMBER = /^\d+(?:\.\d+)?$/;

/**
 * Reads `Server-Timing` (https://www.w3.org/TR/server-timing/): every `name;dur=x` but `total` is a stage. A metric
 * without a duration says nothing about time; of a name that comes twice the durations are added up.
 */
export function parseServerTiming(header: string): ServerTiming {
  const stages = new Map<string, number>();
  let totalMs: number | null = null;
  for (const [, name = '', parameters = ''] of header.matchAll(METRIC)) {
    const ms = durationOf(parameters);
    if (ms === null) continue;
    if (name === TOTAL) totalMs = ms;
    else stages.set(name, (stages.get(name) ?? 0) + ms);
  }
  return { stages, totalMs };
}

function durationOf(parameters: string): number | null {
  for (const [, key = '', quoted, bare = ''] of parameters.matchAll(PARAMETER)) {
    const value = quoted ?? bare;
    if (key.toLowerCase() === 'dur') return NUMBER.test(value) ? Number(value) : null;
  }
  return null;
}
