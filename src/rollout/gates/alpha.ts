import type { GateName, GateSettings } from './types.js';

export type StatisticalGate = Exclude<GateName, 'minimum_samples' | 'hold_time'>;

/** The disagreement has the largest weight, because no other tool measures it and it has to be found fast. */
const WEIGHTS: Readonly<Record<StatisticalGate, number>> = {
  disagreement: 5,
  error_rate_increase: 2,
  latency_ratio: 1,
  label_share_shift: 1,
  feedback_accuracy_drop: 1,
  kpi_drop: 1,
};

/** The limit of each statistical gate, null where it is off. */
export const limitsOf = (settings: GateSettings): Readonly<Record<StatisticalGate, number | null>> => ({
  disagreement: settings.disagreement,
  error_rate_increase: settings.errorRateIncrease,
  latency_ratio: settings.latencyRatio,
  label_share_shift: settings.labelShareShift,
  feedback_accuracy_drop: settings.feedbackAccuracyDrop,
  kpi_drop: settings.kpiDrop,
});

/**
 * A gate's part of alpha: by weight among the gates that are on. The parts add up to alpha, so that by the union bound
 * the probability that any gate rolls a good canary back is at most alpha.
 */
export function alphaOf(gate: StatisticalGate, settings: GateSettings): number {
  const limits = limitsOf(settings);
  const names = Object.keys(WEIGHTS) as StatisticalGate[];
  const sum = names.reduce((total, name) => total + (limits[name] === null ? 0 : WEIGHTS[name]), 0);
  return sum === 0 ? settings.alpha : (settings.alpha * WEIGHTS[gate]) / sum;
}

/** Fraction of the steps' alpha for the k-th step: 6/(π²k²). The sum is at most 1, however many steps there are. */
export const stepPart = (visit: number): number => 6 / (Math.PI * visit) ** 2;
