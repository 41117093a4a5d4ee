import type { BenchExchange } from './read-answer.js';

/** An answered request and where its time went; milliseconds. */
export interface TimedRequest {
  /** From the moment at which it was to be sent. */
  readonly latencyMs: number;
  /** Of that, until it was sent. */
  readonly lateMs: number;
  /** Null when the answer had none. */
  readonly timing: ServerTiming | null;
}

/** The stages of which the latency of some requests consists. */
export interface Contributor {
  readonly name: string;
  /** On average over these requests. */
  readonly ms: number;
  /** Of their latency, 0 to 1. */
  readonly share: number;
}

/** The requests about a quantile of a load. */
export interface LatencyParts {
  readonly quantile: number;
  /** How many they are. */
  readonly requests: number;
  readonly mean_latency_ms: number;
  /** The service's own total, on average; null when the answers have no timings. */
  readonly mean_total_ms: number | null;
  /** The sum of the stages, as a share of that total; null without timings. */
  readonly stages_of_total: number | null;
  /** Every one, the largest first. */
  readonly contributors: readonly Contributor[];
}

/** Time outside of the service's total: both sockets, the wait for its event loop to read, our own to read. */
export const OUTSIDE = 'network and client';
/** The answers contain no timings. */
export const UNTIMED = 'service, network and client';
/** Before the request left, where a schedule said when it should have: a timer's coarseness, a busy generator. */
export const LATE = 'late sender';

/** Half the width of the ranks about a quantile, as a share of all: wide at the median, narrow where it gets steep. */
const HALF_WIDTHS: readonly (readonly [upTo: number, half: number])[] = [
  [0.9, 0.025],
  [1, 0.005],
];
/** One request is an anecdote: of a short load more ranks are taken. */
const LEAST_HALF_REQUESTS = 10;

export function timedRequest({ latencyMs, lateMs, reply }: BenchExchange): TimedRequest {
  const header = reply.ok ? reply.serverTiming : null;
  const timing = header === null ? null : parseServerTiming(header);
  return { latencyMs, lateMs, timing: timing?.totalMs == null ? null : timing };
}

/**
 * The ranks about a quantile, as a half-open range of indices into values in ascending order.
 * @param n how many values there are
 */
export function ranksAbout(quantile: number, n: number): readonly [from: number, to: number] {
  const share = HALF_WIDTHS.find(([upTo]) => quantile <= upTo)?.[1] ?? 0;
  const half = Math.max(share * n, Math.min(LEAST_HALF_REQUESTS, n / 2));
  const middle = quantile * n;
  const from = Math.max(0, Math.floor(middle - half));
  return [from, Math.max(Math.min(n, from + 1), Math.min(n, Math.ceil(middle + half)))];
}

/**
 * What the latency about a quantile is made of: the stages of the requests of these ranks, averaged one by one. A
 * stage that some of them did not have counts as 0 there, so that everything adds up to the mean latency.
 * @param sorted by latency, ascending
 * @returns null when there are none
 */
export function partsAbout(quantile: number, sorted: readonly TimedRequest[]): LatencyParts | null {
  const requests = sorted.slice(...ranksAbout(quantile, sorted.length));
  if (requests.length === 0) return null;
  const sums = new Map<string, number>();
  const add = (name: string, ms: number): void => void sums.set(name, (sums.get(name) ?? 0) + ms);
  let [latency, total, staged] = [0, 0, 0];
  for (const { latencyMs, lateMs, timing } of requests) {
    latency += latencyMs;
    if (lateMs > 0) add(LATE, lateMs);
    const sinceSentMs = latencyMs - lateMs;
    if (timing?.totalMs == null) {
      add(UNTIMED, sinceSentMs);
      continue;
    }
    total += timing.totalMs;
    add(OUTSIDE, Math.max(0, sinceSentMs - timing.totalMs));
    for (const [name, ms] of timing.stages) {
      staged += ms;
      add(name, ms);
    }
  }
  const n = requests.length;
  return {
    quantile,
    requests: n,
    mean_latency_ms: latency / n,
    mean_total_ms: total === 0 ? null : total / n,
    stages_of_total: total === 0 ? null : staged / total,
    contributors: [...sums]
      .map(([name, ms]) => ({ name, ms: ms / n, share: latency === 0 ? 0 : ms / latency }))
      .sort((a, b) => b.ms - a.ms),
  };
}

/** The timings that an answer reports, in milliseconds. */
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
