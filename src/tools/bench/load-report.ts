import { percentile } from '../../base/statistics/quantiles.js';
import { isAnswered, type LoadSlices, type RoundSlice } from './measure-loads.js';
import type { BenchExchange } from './read-answer.js';
import { LATE, partsAbout, timedRequest, type LatencyParts } from './contributors.js';
import type { Load } from './loads.js';
import { MOST_UNDER_WAY, type Slice } from './run-slice.js';

/** Milliseconds, of answered requests; by nearest rank over all of them, not over a histogram. */
export interface Latency {
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  /** Null of fewer than a thousand: it would be the largest value by another name. */
  readonly p999_ms: number | null;
  readonly max_ms: number;
}

/** One round of a load, as comparisons need it. */
export interface RoundFigures {
  /** From 0; a round without an answer is left out. */
  readonly round: number;
  readonly answered_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** The results of one load. */
export interface LoadReport {
  readonly load: Load;
  readonly requests: number;
  readonly answered: number;
  readonly failed: number;
  /** Failed requests by code. */
  readonly errors: Readonly<Record<string, number>>;
  /** By the answers that came within the rounds: late ones are in the latencies, not in the rate. */
  readonly answered_per_s: number;
  /** Of the answered, 0 to 1. */
  readonly hit_rate: number;
  /** Of the answers that report it; null when none does. */
  readonly mean_tokens: number | null;
  /** Null when nothing was answered. */
  readonly latency: Latency | null;
  /** How much later than scheduled requests were sent, milliseconds; it is in their latency. Null: closed loop. */
  readonly late: { readonly p50_ms: number; readonly p99_ms: number; readonly max_ms: number } | null;
  /** Processors that sending and reading used. */
  readonly generator_cores: number;
  readonly at_p50: LatencyParts | null;
  readonly at_p99: LatencyParts | null;
  readonly rounds: readonly RoundFigures[];
  /** Why these figures are not the service's alone; sentences. */
  readonly doubts: readonly string[];
}

const ENOUGH_FOR_P999 = 1000;
/** A generator that is late by more than this share of the latency measures itself, not the service. */
const LATE_SHARE = 0.25;
/** Timers are a millisecond coarse: less than this is not lateness. */
const LATE_MS = 2;
/** A JavaScript process that computes so much of the time has no time left to read answers when they come. */
const BUSY_CORES = 0.9;

/** Of the answers so many may come after their round; of few requests twice what chance moves over its end. */
const LATE_ANSWERS_SHARE = 0.1;

const FLOODED =
  `${MOST_UNDER_WAY} requests were under way at once and others waited for a connection: ` +
  'the service answers far less than was offered';

/** @returns null when no slice of the load was finished */
export function reportLoad({ load, slices }: LoadSlices): LoadReport | null {
  if (slices.length === 0) return null;
  const exchanges = slices.flatMap((slice) => slice.exchanges);
  const answered = exchanges.filter(isAnswered);
  const sorted = answered.map(timedRequest).sort((a, b) => a.latencyMs - b.latencyMs);
  const windowMs = slices.reduce((sum, slice) => sum + slice.windowMs, 0);
  const inTime = slices.reduce((sum, slice) => sum + slice.answeredInTime, 0);
  const tokens = answered.flatMap(({ reply }) => (reply.ok && reply.tokens !== null ? [reply.tokens] : []));
  const figures = {
    load,
    requests: exchanges.length,
    answered: answered.length,
    failed: exchanges.length - answered.length,
    errors: errorsOf(exchanges),
    answered_per_s: (1000 * inTime) / windowMs,
    hit_rate: answered.length === 0 ? 0 : answered.filter(isHit).length / answered.length,
    mean_tokens: tokens.length === 0 ? null : tokens.reduce((a, b) => a + b, 0) / tokens.length,
    latency: latencyOf(Float64Array.from(sorted, ({ latencyMs }) => latencyMs)),
    late: load.kind === 'open' ? lateOf(exchanges) : null,
    generator_cores: slices.reduce((sum, slice) => sum + slice.generatorCores, 0) / slices.length,
    at_p50: partsAbout(0.5, sorted),
    at_p99: partsAbout(0.99, sorted),
    rounds: slices.flatMap(roundOf),
  };
  const isFlooded = slices.some(({ mostUnderWay }) => mostUnderWay >= MOST_UNDER_WAY);
  const doubts = isFlooded ? [FLOODED] : [...doubtsAbout(figures), ...overloaded(figures, inTime)];
  return { ...figures, doubts: [...doubts, ...silentRounds(slices)] };
}

const isHit = ({ reply }: BenchExchange): boolean => reply.ok && reply.isHit;

function errorsOf(exchanges: readonly BenchExchange[]): Record<string, number> {
  const errors: Record<string, number> = {};
  for (const { reply } of exchanges) if (!reply.ok) errors[reply.code] = (errors[reply.code] ?? 0) + 1;
  return errors;
}

function latencyOf(sorted: Float64Array): Latency | null {
  if (sorted.length === 0) return null;
  const at = (q: number): number => percentile(sorted, q);
  return {
    p50_ms: at(0.5),
    p95_ms: at(0.95),
    p99_ms: at(0.99),
    p999_ms: sorted.length < ENOUGH_FOR_P999 ? null : at(0.999),
    max_ms: at(1),
  };
}

function lateOf(exchanges: readonly BenchExchange[]): LoadReport['late'] {
  const late = latencyOf(Float64Array.from(exchanges, ({ lateMs }) => lateMs).sort());
  return late === null ? null : { p50_ms: late.p50_ms, p99_ms: late.p99_ms, max_ms: late.max_ms };
}

/** None if no request was answered in time, because a comparison takes logarithms. */
function roundOf({ round, exchanges, answeredInTime, windowMs }: RoundSlice): RoundFigures[] {
  const latencies = Float64Array.from(exchanges.filter(isAnswered), ({ latencyMs }) => latencyMs).sort();
  const latency = latencyOf(latencies);
  if (latency === null || answeredInTime === 0) return [];
  const { p50_ms, p99_ms } = latency;
  return [{ round, answered_per_s: (1000 * answeredInTime) / windowMs, p50_ms, p99_ms }];
}

function doubtsAbout(
  report: Pick<LoadReport, 'load' | 'at_p50' | 'at_p99' | 'generator_cores' | 'late'>,
): string[] {
  const doubts: string[] = [];
  for (const parts of [report.at_p50, report.at_p99]) {
    const late = parts?.contributors.find(({ name }) => name === LATE);
    if (parts === null || late === undefined || late.ms < LATE_MS || late.share < LATE_SHARE) continue;
    doubts.push(
      `the generator was late by ${late.ms.toFixed(1)} ms on average about p${100 * parts.quantile}, ` +
        `${Math.round(100 * late.share)} % of the latency there`,
    );
  }
  if (report.generator_cores > BUSY_CORES) {
    doubts.push(
      `the generator was busy all the time (${report.generator_cores.toFixed(2)} processors): it could not send or read faster`,
    );
  }
  return doubts;
}

/** Answers that come after their round are those of a queue that grows. */
function overloaded(
  { load, answered, answered_per_s: perS }: Pick<LoadReport, 'load' | 'answered' | 'answered_per_s'>,
  inTime: number,
): string[] {
  const late = answered - inTime;
  if (load.kind === 'closed' || late <= LATE_ANSWERS_SHARE * answered || late <= 2 * Math.sqrt(answered))
    return [];
  return [
    `${load.ratePerS} requests/s are more than the service answers: ${perS.toPrecision(3)} answers/s came within ` +
      'the rounds (or these are too short for it, where every answer takes long: give more --seconds)',
  ];
}

function silentRounds(slices: readonly Slice[]): string[] {
  const silent = slices.filter(({ answeredInTime }) => answeredInTime === 0).length;
  return silent === 0 ? [] : [`no answer came within ${silent} of ${slices.length} rounds`];
}
