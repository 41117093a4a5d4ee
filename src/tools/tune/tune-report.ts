import { processorNotes, type Processors } from '../../base/machine/processors.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { frontier, mean, noiseOf, p95Of, rateWithin, type Choice, type Measured } from './choose-setting.js';
import type { Point } from './grid.js';
import { adviseQueue } from './queue-limit.js';
import type { TuneResult } from './tune.js';

/** The keys of serin.config.yaml that are chosen. */
export interface ChosenSettings {
  readonly workers: number;
  readonly threads_per_worker: number;
  readonly queue_limit: number;
}

/** A point as the report shows it. */
interface PointReport {
  readonly workers: number;
  readonly threads_per_worker: number;
  readonly max_padded_tokens: number;
  readonly session: string;
}

interface FinalistReport extends PointReport {
  readonly texts_per_s: number;
  readonly repetitions_per_s: readonly number[];
  /** Under the offered rates; null: more than it sustains. */
  readonly p95_ms: readonly { readonly rate_per_s: number; readonly p95_ms: number | null }[];
  /** Under the rate at which the points are compared. */
  readonly compared_p95_ms: number | null;
  /** Texts per second with a p95 within the SLO; null without one. */
  readonly within_slo_per_s: number | null;
  readonly on_frontier: boolean;
  readonly tied: boolean;
  readonly chosen: boolean;
  readonly now: boolean;
}

/** The result of `serin tune`; the document of `--json`. */
export interface TuneReport {
  readonly ended: TuneResult['ended'];
  readonly model: string;
  readonly version: string;
  readonly digest: string;
  readonly machine: {
    readonly cpu: string;
    readonly processors: number;
    readonly physical_cores: number | null;
    readonly quota: number | null;
    readonly granted_cores: number;
    readonly numa_nodes: number;
    /** Of the minute before the measurement; 0 if the system does not report it. */
    readonly load_average_before: number;
    readonly notes: readonly string[];
  };
  readonly traffic: { readonly source: string; readonly texts: number };
  readonly slo_p95_ms: number | null;
  readonly clients: number;
  readonly grid: number;
  readonly searched: number;
  readonly left_out: string | null;
  readonly rounds: readonly { readonly points: number; readonly slice_ms: number }[];
  /** Standard deviation of one repetition, as a share; null without repetitions. */
  readonly noise: number | null;
  /** Share by which points must differ to count as different. */
  readonly margin: number;
  /** Share that noise alone explains; more than `margin`: the order is uncertain. Null without repetitions. */
  readonly noise_margin: number | null;
  readonly finalists: readonly FinalistReport[];
  readonly settings: ChosenSettings;
  readonly queue_limit_why: string;
  /** The values for the manifest; null if it has them already. */
  readonly manifest_change: { readonly session: object; readonly batching: object } | null;
  /** Share by which the choice beats the current configuration; null if that was not measured. */
  readonly gain: number | null;
  readonly full_grid: {
    readonly points: readonly (PointReport & { readonly texts_per_s: number })[];
    readonly best: PointReport;
    readonly best_texts_per_s: number;
    readonly chosen_texts_per_s: number;
    readonly loss: number;
  } | null;
}

export interface ReportFacts {
  readonly version: ModelVersion;
  readonly processors: Processors;
  readonly source: string;
  readonly texts: number;
  readonly sloP95Ms: number | null;
  readonly requestTimeoutMs: number;
  readonly maxTexts: number;
  readonly now: { readonly workers: number; readonly threads: number };
  /** Of the minute before. */
  readonly loadAverage: number;
}

/** Processors that others may use before the figures are told to be theirs. */
const QUIET_SHARE = 0.25;

/** The peculiarities of the machine, and whether other programs used it. */
export function machineNotes({
  processors,
  loadAverage,
}: Pick<ReportFacts, 'processors' | 'loadAverage'>): string[] {
  const notes = processorNotes(processors);
  if (loadAverage <= QUIET_SHARE * processors.granted) return notes;
  const busy = `NOT QUIET: the load average was ${loadAverage.toFixed(1)} before it began; these are the figures of what others left, and the choice may be theirs`;
  return [busy, ...notes];
}

/** @param result with a choice */
export function makeReport(result: TuneResult & { readonly choice: Choice }, facts: ReportFacts): TuneReport {
  const { choice, measured } = result;
  const { version, processors, sloP95Ms, now } = facts;
  const { chosen } = choice;
  const { point } = chosen;
  const isNow = (other: Point): boolean =>
    other.workers === now.workers && other.threads === now.threads && other.isManifest;
  const current = measured.find((entry) => isNow(entry.point));
  const queue = adviseQueue({ ...facts, textsPerS: mean(chosen.ratesPerS) });
  const onFrontier = new Set(frontier(measured, choice));
  const { batching } = version.manifest;
  const value = (entry: Measured): number => choice.valueOf(entry);
  return {
    ended: result.ended,
    model: version.model,
    version: version.version,
    digest: version.digest,
    machine: {
      cpu: processors.model,
      processors: processors.processors,
      physical_cores: processors.physicalCores,
      quota: processors.quota === Infinity ? null : processors.quota,
      granted_cores: processors.granted,
      numa_nodes: processors.numaNodes,
      load_average_before: facts.loadAverage,
      notes: machineNotes(facts),
    },
    traffic: { source: facts.source, texts: facts.texts },
    slo_p95_ms: sloP95Ms,
    clients: result.clients,
    grid: result.grid.length,
    searched: result.plan.points.length,
    left_out: result.plan.leftOut,
    rounds: result.search.rounds.map(({ points, sliceMs }) => ({ points, slice_ms: Math.round(sliceMs) })),
    noise: noiseOf(measured),
    margin: choice.margin,
    noise_margin: choice.noiseMargin,
    finalists: [...measured]
      .sort((a, b) => value(b) - value(a))
      .map((entry) => ({
        ...pointReport(entry.point),
        texts_per_s: mean(entry.ratesPerS),
        repetitions_per_s: entry.ratesPerS,
        p95_ms: entry.rungs.map(({ ratePerS, p95Ms }) => ({ rate_per_s: ratePerS, p95_ms: p95Ms })),
        compared_p95_ms: p95Of(entry),
        within_slo_per_s: sloP95Ms === null ? null : rateWithin(entry, sloP95Ms),
        on_frontier: onFrontier.has(entry),
        tied: choice.ties.includes(entry),
        chosen: entry === chosen,
        now: entry === current,
      })),
    settings: { workers: point.workers, threads_per_worker: point.threads, queue_limit: queue.limit },
    queue_limit_why: queue.why,
    manifest_change: point.isManifest
      ? null
      : {
          session: point.session.settings,
          batching: { ...batching, max_padded_tokens: point.paddedTokens },
        },
    gain: current === undefined || value(current) === 0 ? null : value(chosen) / value(current) - 1,
    full_grid: fullGridReport(result),
  };
}

function fullGridReport({ gridComparison }: TuneResult): TuneReport['full_grid'] {
  if (gridComparison === null) return null;
  const { points, best, bestTextsPerS, chosenTextsPerS, loss } = gridComparison;
  return {
    points: points.map(({ point, textsPerS }) => ({ ...pointReport(point), texts_per_s: textsPerS })),
    best: pointReport(best),
    best_texts_per_s: bestTextsPerS,
    chosen_texts_per_s: chosenTextsPerS,
    loss,
  };
}

const pointReport = ({ workers, threads, paddedTokens, session }: Point): PointReport => ({
  workers,
  threads_per_worker: threads,
  max_padded_tokens: paddedTokens,
  session: session.name,
});
