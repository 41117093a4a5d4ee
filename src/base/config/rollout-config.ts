/**
 * auto: the gates act and the ramp advances automatically. manual: gates are computed and shown, but only people act.
 * shadow: users get only the stable answer, and the canary computes a sample of the same texts for comparison.
 */
export type RolloutMode = 'auto' | 'manual' | 'shadow';

export const ROLLOUT_MODES: readonly RolloutMode[] = ['auto', 'manual', 'shadow'];

/** One step of a ramp: the canary's share, and how long it is held before the next step. */
export interface RolloutStep {
  /** 0.01 to 100, in hundredths. */
  readonly percent: number;
  readonly holdMs: number;
}

/** How much extra work the comparison of two versions may cost. */
export interface ComparisonConfig {
  /** Percent of the compared traffic (in shadow mode: of all traffic) for which both versions answer, 0 to 100. */
  readonly samplePercent: number;
  /** Most extra work, in percent of the time of all workers, 0 to 100. */
  readonly budgetPercent: number;
}

/** The limits of a rollout; null switches a gate off. src/rollout/gates contains how each is judged. */
export interface GateSettings {
  /** Distinct pairs in the whole rollout, and canary requests in the step, that a promotion needs. */
  readonly minimumSamples: number;
  /** Allowed share of distinct texts with another top label, 0 to 1. */
  readonly disagreement: number | null;
  /** Allowed excess of the canary's error rate over the stable one's, absolute: 0.005 is half a point. */
  readonly errorRateIncrease: number | null;
  /** Allowed ratio, canary to stable, of the median worker time per padded token, above 0. */
  readonly latencyRatio: number | null;
  /** Allowed change of any label's share among distinct texts, absolute. */
  readonly labelShareShift: number | null;
  /** Allowed excess of the stable version's accuracy over the canary's, by feedback, absolute. */
  readonly feedbackAccuracyDrop: number | null;
  /** Allowed excess of the stable version's mean kpi over the canary's, in the kpi's own unit. */
  readonly kpiDrop: number | null;
  /** Maximum probability that a canary within all limits is rolled back, over all gates, steps and looks together. */
  readonly alpha: number;
}

/** The rollout of one model as the configuration describes it. Version names refer to folders of the registry. */
export interface RolloutConfig {
  readonly stable: string;
  readonly canary: string | null;
  /** Share of traffic at which the canary starts, 0 to 100, in hundredths. */
  readonly percent: number;
  readonly mode: RolloutMode;
  /** Rising. */
  readonly steps: readonly RolloutStep[];
  readonly comparison: ComparisonConfig;
  readonly gates: GateSettings;
}

const HOLD_MS = 30 * 60_000;

/** 1, 5, 25, 50 and 100 %, half an hour each. */
export const DEFAULT_STEPS: readonly RolloutStep[] = [1, 5, 25, 50, 100].map((percent) => ({
  percent,
  holdMs: HOLD_MS,
}));

/**
 * A budget of 2 % gives enough pairs for every gate within minutes (docs/benchmarks.md). With 5 %, users' p99 was 1.23
 * times as high in one run.
 */
export const DEFAULT_COMPARISON: ComparisonConfig = { samplePercent: 100, budgetPercent: 2 };

export const DEFAULT_GATES: GateSettings = {
  minimumSamples: 500,
  disagreement: 0.03,
  errorRateIncrease: 0.005,
  latencyRatio: 1.25,
  labelShareShift: 0.02,
  feedbackAccuracyDrop: null,
  kpiDrop: null,
  alpha: 0.01,
};

/** A model without a canary, or one that waits at 0 %. */
export const plainRollout = (stable: string, canary: string | null): RolloutConfig => ({
  stable,
  canary,
  percent: 0,
  mode: 'manual',
  steps: DEFAULT_STEPS,
  comparison: DEFAULT_COMPARISON,
  gates: DEFAULT_GATES,
});
