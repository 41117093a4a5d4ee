import { short } from '../../base/format.js';
import { quantileOf } from '../evidence/log-histogram.js';
import type { Evidence } from '../evidence/counts.js';
import { alphaOf, limitsOf, stepPart, type StatisticalGate } from './alpha.js';
import { differenceView } from './difference-view.js';
import { judge, offRow, type Judged } from './judge.js';
import { kpiView, MIN_KPI_VALUES } from './kpi-view.js';
import { labelView } from './label-view.js';
import { latencyView } from './latency-view.js';
import type { GateEvidence, GateSettings, GateUnit, StepInfo } from './types.js';
import { rateView, signedView, type View } from './view.js';

/** The inputs of a gate. */
export interface Case {
  readonly evidence: GateEvidence;
  readonly settings: GateSettings;
  readonly step: StepInfo;
}

/** A pass must be proven before a share above this, because more than half of the users is no longer a small sample. */
const PROVEN_ABOVE_PERCENT = 50;
/** Minimum runs of the canary, and minimum feedback about it; with fewer, the gate cannot pass. */
const MIN_RUNS = 50;
const MIN_FEEDBACK = 100;
/**
 * How far above the limit the true figure may be in a proven pass: half of the limit, but at least 0.25 percentage
 * points.
 */
const LIMIT_MARGIN = 0.5;
const LEAST_MARGIN = 0.0025;
const RATIO_MARGIN = 1.1;

const ROLLOUT = 'in the whole rollout';
const STEP = 'in this step';

const mustBeProven = ({ nextPercent }: StepInfo): boolean =>
  nextPercent === null || nextPercent > PROVEN_ABOVE_PERCENT;

const aboveLimit = (limit: number): number => limit + Math.max(LIMIT_MARGIN * limit, LEAST_MARGIN);

interface Gate {
  readonly unit: GateUnit;
  /** Called for a gate that is on, with its limit and its part of alpha. */
  judged(at: Case, limit: number, alpha: number): Judged;
}

/** Errors where only one of the two versions failed on a text. They do not depend on how the traffic is split. */
function pairedErrors(where: string, { pairs }: Evidence, alpha: number): View {
  const { canaryOnlyErrors: up, stableOnlyErrors: down } = pairs;
  return signedView(where, up, down, pairs.pairs + up + down, alpha);
}

const userErrors = (where: string, { canary, stable }: Evidence, alpha: number): View =>
  differenceView(
    where,
    { k: canary.errors, n: canary.requests },
    { k: stable.errors, n: stable.requests },
    alpha,
  );

function latencyRemark({ canary, stable }: Evidence): string {
  const parts = [0.95, 0.99].map((q) => {
    const [ours, theirs] = [quantileOf(canary.latencyMicros, q), quantileOf(stable.latencyMicros, q)];
    if (ours === null || theirs === null) return null;
    const ms = (micros: number): string => short(micros / 1000);
    return `p${q * 100} ${ms(ours)} ms against ${ms(theirs)} ms`;
  });
  const known = parts.filter((part) => part !== null);
  return known.length === 0 ? '' : `Users' latency, not judged: ${known.join(', ')}.`;
}

/**
 * Figures that depend only on the text (label, accuracy) are judged over the whole rollout. Errors and times may depend
 * on the load, which changes with the step. So they are judged in the step too, and alpha is divided between the two.
 */
export const GATES: Readonly<Record<StatisticalGate, Gate>> = {
  disagreement: {
    unit: 'share',
    judged: ({ evidence: { total }, settings, step }, limit, alpha) => {
      const { pairs, disagreements, trafficPairs, trafficDisagreements } = total.pairs;
      const traffic = trafficPairs === 0 ? 0 : (100 * trafficDisagreements) / trafficPairs;
      return judge(
        {
          gate: 'disagreement',
          unit: 'share',
          limit,
          figure: 'Texts with another label',
          samples: 'distinct texts',
          minimum: settings.minimumSamples,
          mayWait: false,
          confirm: mustBeProven(step),
          confirmBelow: aboveLimit(limit),
          remark: () => `Of all pairs, repeated texts included: ${short(traffic)} %.`,
        },
        [rateView(ROLLOUT, disagreements, pairs, alpha)],
      );
    },
  },
  error_rate_increase: {
    unit: 'share',
    judged: ({ evidence: { total, step: window }, settings, step }, limit, alpha) => {
      const pairs = pairedErrors(`compared ${ROLLOUT}`, total, alpha / 2);
      const users = userErrors(ROLLOUT, total, alpha / 4);
      const usersInStep = userErrors(STEP, window, (alpha / 4) * stepPart(step.visit));
      return judge(
        {
          gate: 'error_rate_increase',
          unit: 'share',
          limit,
          figure: "Error rate above the stable version's",
          samples: 'requests',
          minimum: settings.minimumSamples,
          mayWait: false,
          confirm: mustBeProven(step),
          confirmBelow: aboveLimit(limit),
        },
        step.shadow ? [pairs] : [users, usersInStep, pairs],
      );
    },
  },
  latency_ratio: {
    unit: 'ratio',
    judged: ({ evidence: { total, step: window }, step }, limit, alpha) =>
      judge(
        {
          gate: 'latency_ratio',
          unit: 'ratio',
          limit,
          figure: "Worker time per padded token, ratio to the stable version's",
          samples: 'runs',
          minimum: MIN_RUNS,
          mayWait: false,
          confirm: mustBeProven(step),
          confirmBelow: limit * RATIO_MARGIN,
          remark: () => latencyRemark(total),
        },
        [
          latencyView(ROLLOUT, total.canary.runs, total.stable.runs, alpha / 2),
          latencyView(STEP, window.canary.runs, window.stable.runs, (alpha / 2) * stepPart(step.visit)),
        ],
      ),
  },
  label_share_shift: {
    unit: 'share',
    judged: ({ evidence: { total, labelCount }, settings, step }, limit, alpha) => {
      const view = labelView(ROLLOUT, total.pairs, labelCount, alpha);
      return judge(
        {
          gate: 'label_share_shift',
          unit: 'share',
          limit,
          figure: "Largest change of a label's share",
          samples: 'distinct texts',
          minimum: settings.minimumSamples,
          mayWait: false,
          confirm: mustBeProven(step),
          confirmBelow: aboveLimit(limit),
          remark: () => (view.label === null ? '' : `It is the label with index ${view.label}.`),
        },
        [view],
      );
    },
  },
  feedback_accuracy_drop: {
    unit: 'share',
    judged: ({ evidence: { total }, step }, limit, alpha) => {
      const wrong = ({ feedback: { correct, total: n } }: Evidence['canary']): { k: number; n: number } => ({
        k: n - correct,
        n,
      });
      return judge(
        {
          gate: 'feedback_accuracy_drop',
          unit: 'share',
          limit,
          figure: "Accuracy below the stable version's, by feedback",
          samples: 'answers with feedback',
          minimum: MIN_FEEDBACK,
          mayWait: !mustBeProven(step),
          confirm: mustBeProven(step),
          confirmBelow: aboveLimit(limit),
        },
        [differenceView(ROLLOUT, wrong(total.canary), wrong(total.stable), alpha)],
      );
    },
  },
  kpi_drop: {
    unit: 'kpi',
    judged: ({ evidence: { total }, step }, limit, alpha) =>
      judge(
        {
          gate: 'kpi_drop',
          unit: 'kpi',
          limit,
          figure: "Mean kpi below the stable version's",
          samples: 'answers with a kpi',
          minimum: MIN_KPI_VALUES,
          mayWait: !mustBeProven(step),
          confirm: mustBeProven(step),
          confirmBelow: limit * (1 + LIMIT_MARGIN),
        },
        [kpiView(ROLLOUT, total.canary.kpi, total.stable.kpi, alpha)],
      ),
  },
};

/** The state of every statistical gate, in the order of the table. */
export function judgeStatistics(at: Case): Judged[] {
  const limits = limitsOf(at.settings);
  return (Object.keys(GATES) as StatisticalGate[]).map((name) => {
    const gate = GATES[name];
    const limit = limits[name];
    return limit === null ? offRow(name, gate.unit) : gate.judged(at, limit, alphaOf(name, at.settings));
  });
}
