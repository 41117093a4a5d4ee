import type { LoadReport, RoundFigures } from './load-report.js';
import { isSameLoad, loadName, type Load } from './loads.js';
import { machineChanges } from './machine.js';
import type {
  BenchReport,
  ComparedFigure,
  ComparisonReport,
  RunReport,
  TrafficReport,
} from './bench-report.js';
import { pairedDifference, welchDifference, type Difference, holm } from './statistics/difference.js';

/** Chance finds a difference where there is none in one report of twenty. */
const SIGNIFICANCE = 0.05;

type Asked = Pick<ComparedFigure, 'load' | 'figure'> & {
  readonly a: readonly number[];
  readonly b: readonly number[];
};

/** Two services that took turns in one run. @param rounds that were planned */
export function compareTurns(a: RunReport, b: RunReport, rounds: number): ComparisonReport {
  const pairs = commonRounds(a.loads, b.loads);
  return {
    kind: 'turns',
    a: describeRun(a),
    b: describeRun(b),
    figures: compareFigures(questions(pairs), pairedDifference),
    warnings: pairs
      .filter((pair) => pair.a.length < rounds)
      .map(
        (pair) =>
          `${loadName(pair.load)}: ${pair.a.length} of ${rounds} rounds are compared; the others have no figures of both.`,
      ),
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
    figures: compareFigures(questions(sameLoads(before?.loads ?? [], after?.loads ?? [])), welchDifference),
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

/** A load, and its rounds to compare; none where only one had it. */
interface ComparedLoad {
  readonly load: Load;
  readonly a: readonly RoundFigures[];
  readonly b: readonly RoundFigures[];
}

function sameLoads(a: readonly LoadReport[], b: readonly LoadReport[]): ComparedLoad[] {
  return a.map(({ load, rounds }) => ({
    load,
    a: rounds,
    b: b.find((one) => isSameLoad(one.load, load))?.rounds ?? [],
  }));
}

/** Of each load the rounds that both have: a pair is one round, not one place in the list. */
function commonRounds(a: readonly LoadReport[], b: readonly LoadReport[]): ComparedLoad[] {
  return sameLoads(a, b).map(({ load, ...rounds }) => {
    const both = rounds.a.flatMap((one) => {
      const other = rounds.b.find(({ round }) => round === one.round);
      return other === undefined ? [] : [[one, other] as const];
    });
    return { load, a: both.map(([one]) => one), b: both.map(([, other]) => other) };
  });
}

/** The rate of answers is a question of the closed loop alone: elsewhere it is offered. */
function questions(loads: readonly ComparedLoad[]): Asked[] {
  return loads.flatMap(({ load, a, b }) => {
    const ask = (figure: Asked['figure'], of: (round: RoundFigures) => number): Asked => ({
      load: loadName(load),
      figure,
      a: a.map(of),
      b: b.map(of),
    });
    return [
      ...(load.kind === 'closed' ? [ask('requests/s', ({ answered_per_s: rate }) => rate)] : []),
      ask('p50', ({ p50_ms: ms }) => ms),
      ask('p99', ({ p99_ms: ms }) => ms),
    ];
  });
}

/** A question whose rounds are too few is not answered. */
function compareFigures(
  asked: readonly Asked[],
  test: (a: readonly number[], b: readonly number[]) => Difference | null,
): ComparedFigure[] {
  const answered = asked.flatMap(({ a, b, ...question }) => {
    const difference = test(a, b);
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
