import type { LoadReport, RoundFigures } from './load-report.js';
import { isSameLoad, loadName } from './loads.js';
import { machineChanges } from './machine.js';
import type { BenchReport, ComparedFigure, ComparisonReport, RunReport, TrafficReport } from './report.js';
import { pairedDifference, welchDifference, type Difference } from './statistics/difference.js';
import { holm } from './statistics/holm.js';

/** Chance finds a difference where there is none in one report of twenty. */
const SIGNIFICANCE = 0.05;

type Asked = Pick<ComparedFigure, 'load' | 'figure'> & {
  readonly a: readonly number[];
  readonly b: readonly number[];
};

/** Two services that took turns in one run. */
export function compareTurns(a: RunReport, b: RunReport): ComparisonReport {
  return {
    kind: 'turns',
    a: describeRun(a),
    b: describeRun(b),
    figures: compareFigures(questions(a.loads, b.loads), pairedDifference),
    warnings: [],
  };
}

/** This run against one that was made before. @param file where the earlier report was read from */
export function compareWithEarlier(
  file: string,
  earlier: BenchReport,
  now: Pick<BenchReport, 'machine' | 'traffic' | 'runs'>,
): ComparisonReport {
  const [before, after] = [earlier.runs[0], now.runs[0]];
  return {
    kind: 'earlier',
    a: `${file}, ${earlier.started_at.slice(0, 16).replace('T', ' ')}`,
    b: 'now',
    figures: compareFigures(questions(before?.loads ?? [], after?.loads ?? []), welchDifference),
    warnings: [
      'Both runs have a machine of their own moment: what has changed there between them is in every difference. Two settings are told apart better by --versus, which lets them take turns.',
      ...machineChanges(earlier.machine, now.machine).map((change) => `Not the same machine: ${change}.`),
      ...trafficChanges(earlier.traffic, now.traffic),
    ],
  };
}

const describeRun = ({ name, settings }: RunReport): string => {
  const list = Object.entries(settings ?? {}).map(([key, value]) => `${key}=${value}`);
  return `${name} (${list.length === 0 ? 'as configured' : list.join(', ')})`;
};

const TRAFFIC = {
  model: 'model',
  version: 'version',
  lengths: 'lengths',
  hit_share: 'share of hits',
  seconds: 'seconds of each load',
  rounds: 'rounds',
  warm_up_seconds: 'seconds of warm-up',
} as const satisfies Partial<Record<keyof TrafficReport, string>>;

function trafficChanges(before: TrafficReport, now: TrafficReport): string[] {
  return Object.entries(TRAFFIC).flatMap(([key, name]) => {
    const [was, is] = [before[key as keyof TrafficReport], now[key as keyof TrafficReport]];
    return was === is
      ? []
      : [
          `Not the same traffic: ${name} was ${String(was ?? 'the default')}, and is ${String(is ?? 'the default')}.`,
        ];
  });
}

/** Only loads that both had. The rate of answers is a question of the closed loop alone: elsewhere it is offered. */
function questions(a: readonly LoadReport[], b: readonly LoadReport[]): Asked[] {
  return a.flatMap((one) => {
    const other = b.find(({ load }) => isSameLoad(load, one.load));
    if (other === undefined) return [];
    const ask = (figure: Asked['figure'], of: (round: RoundFigures) => number): Asked => ({
      load: loadName(one.load),
      figure,
      a: one.rounds.map(of),
      b: other.rounds.map(of),
    });
    return [
      ...(one.load.kind === 'closed' ? [ask('requests/s', ({ answered_per_s: rate }) => rate)] : []),
      ask('p50', ({ p50_ms: ms }) => ms),
      ask('p99', ({ p99_ms: ms }) => ms),
    ];
  });
}

/** A question whose rounds are too few, or cannot be paired, is not answered. */
function compareFigures(
  asked: readonly Asked[],
  test: (a: readonly number[], b: readonly number[]) => Difference | null,
): ComparedFigure[] {
  const answered = asked.flatMap(({ a, b, ...question }) => {
    const difference = a.length === b.length || test !== pairedDifference ? test(a, b) : null;
    return difference === null
      ? []
      : [{ ...question, a: geometricMean(a), b: geometricMean(b), ...difference }];
  });
  const adjusted = holm(answered.map(({ p }) => p));
  return answered.map((figure, i) => {
    const adjustedP = adjusted[i] ?? 1;
    return { ...figure, adjusted_p: adjustedP, differs: adjustedP < SIGNIFICANCE };
  });
}

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
