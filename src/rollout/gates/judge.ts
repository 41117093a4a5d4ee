import type { Bounds } from './bounds.js';
import type { GateName, GateRow, GateState, GateUnit } from './types.js';
import type { View } from './view.js';
import { figure, wholeNumber } from './wording.js';

/**
 * The state of a gate, and its row, which is computed only when it is read: the bounds cost a hundred times as much as
 * the state.
 */
export interface Judged {
  readonly state: GateState;
  /** Whether this state keeps the rollout from its next step. */
  readonly blocks: boolean;
  row(): GateRow;
}

/** The parameters by which one gate judges its figure. */
export interface Question {
  readonly gate: GateName;
  readonly unit: GateUnit;
  readonly limit: number;
  /** The name of the figure, as the subject of a sentence: "another label than the stable version's". */
  readonly figure: string;
  /** The name of the samples: "distinct texts". */
  readonly samples: string;
  /** Minimum number of samples of the first view; with fewer, the gate cannot pass. */
  readonly minimum: number;
  /** Whether missing data does not block the next step. */
  readonly mayWait: boolean;
  /** Whether a pass must be proven: the true figure below `confirmBelow`. */
  readonly confirm: boolean;
  readonly confirmBelow: number;
  /** A further sentence about the figure; empty for none. */
  readonly remark?: () => string;
}

/**
 * Judges one figure in one or more views. The row shows the first view, unless another view fails or is above the
 * limit.
 *
 * fail: a view proves that the true figure is above the limit. pass: enough samples, no view's observed figure is above
 * the limit, and, where a pass must be proven, the upper bound is below `confirmBelow`. `confirmBelow` is above the
 * limit, because a canary exactly at its limit is allowed and no number of samples could prove that it is below the
 * limit.
 */
export function judge(question: Question, views: readonly [View, ...View[]]): Judged {
  const { gate, limit, unit, minimum, confirm, confirmBelow, mayWait } = question;
  const failing = views.find((view) => view.provesAbove(limit));
  const [main] = views;
  const within = views.every(({ observed }) => observed === null || observed <= limit);
  const state = ((): GateState => {
    if (failing !== undefined) return 'fail';
    if (main.n < Math.max(1, minimum) || main.observed === null) return 'not_enough_data';
    return within && (!confirm || main.provesBelow(confirmBelow)) ? 'pass' : 'open';
  })();
  const shown =
    failing ?? (main.observed !== null && main.observed > limit ? main : overLimit(views, limit)) ?? main;
  return {
    state,
    blocks: state === 'open' || (state === 'not_enough_data' && !mayWait),
    row: () => {
      const bounds = shown.bounds();
      const { observed, n } = shown;
      const finite = (value: number): number | null => (Number.isFinite(value) && n > 0 ? value : null);
      const [lower, upper] = [finite(bounds.lower), finite(bounds.upper)];
      const words = sentence(question, state, shown, bounds);
      return { gate, state, unit, observed, limit, lower, upper, n, sentence: words };
    },
  };
}

const overLimit = (views: readonly View[], limit: number): View | undefined =>
  views.find(({ observed }) => observed !== null && observed > limit);

function sentence(question: Question, state: GateState, shown: View, { lower, upper }: Bounds): string {
  const { unit, limit, samples, minimum, confirmBelow } = question;
  const say = (value: number): string => figure(value, unit);
  const count = `${wholeNumber(shown.n)} ${samples} ${shown.where}`;
  if (shown.observed === null) return `${question.figure}: no ${samples} ${shown.where} yet.`;
  const head = `${question.figure}: ${say(shown.observed)} (limit ${say(limit)}) over ${count}`;
  const truth = `the true figure is ${upper === Infinity ? `above ${say(lower)}` : `between ${say(lower)} and ${say(upper)}`}`;
  const remark = question.remark?.() ?? '';
  const tail = ((): string => {
    switch (state) {
      case 'fail':
        return `${truth}, so the limit is exceeded.`;
      case 'not_enough_data':
        return `${wholeNumber(minimum)} are needed.`;
      case 'open':
        return shown.observed > limit
          ? `${truth}: above the limit so far, which can still be chance.`
          : `${truth}; to go on it must be known to be below ${say(confirmBelow)}.`;
      case 'pass':
      case 'off':
        return `${truth}.`;
    }
  })();
  return `${head}; ${tail}${remark === '' ? '' : ` ${remark}`}`;
}

/** The row of a gate that is not configured. */
export const offRow = (gate: GateName, unit: GateUnit): Judged => ({
  state: 'off',
  blocks: false,
  row: () => ({
    gate,
    state: 'off',
    unit,
    observed: null,
    limit: null,
    lower: null,
    upper: null,
    n: 0,
    sentence: 'Not configured.',
  }),
});
