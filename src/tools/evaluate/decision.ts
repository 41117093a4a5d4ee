import type { AcceptanceLimits } from '../../registry/acceptance.js';
import type { CandidateFigures, Comparison } from './version-figures.js';
import { scoreDifference, percent } from '../../base/format.js';

/** One thing that a version must be good for. */
export interface Check {
  readonly check: 'accuracy_drop' | 'accuracy' | 'answers' | 'batch_variance' | 'parity';
  /** `not_checked`: there is nothing to check it by. */
  readonly state: 'pass' | 'fail' | 'not_checked';
  /** The measured value and its limit, as a sentence. */
  readonly sentence: string;
}

export interface Decision {
  readonly accepted: boolean;
  /** `alone`: the manifest makes it run one text at a time. */
  readonly runs: 'batched' | 'alone';
  readonly checks: readonly Check[];
  /** The sentences of the failed checks. */
  readonly reasons: readonly string[];
}

/** The input of the decision. */
export type Evidence = Pick<
  CandidateFigures,
  'accuracy' | 'unanswered' | 'batch_variance' | 'runs_alone' | 'parity'
>;

/** Points are sums of hundredths that a double does not hold exactly. */
const ROUNDING = 1e-9;

/** May the version go live? The point estimates decide; with `confident` the bounds of their intervals. */
export function decide(
  candidate: Evidence,
  comparison: Comparison | null,
  limits: AcceptanceLimits,
): Decision {
  const checks = [
    ...(comparison === null || limits.max_accuracy_drop_points === null
      ? []
      : [checkDrop(comparison, limits.max_accuracy_drop_points, limits.confident)]),
    ...(limits.min_accuracy === null
      ? []
      : [checkAccuracy(candidate.accuracy, limits.min_accuracy, limits.confident)]),
    checkAnswers(candidate),
    checkBatchVariance(candidate, limits.max_batch_label_flips),
    checkParity(candidate),
  ];
  const reasons = checks.filter(({ state }) => state === 'fail').map(({ sentence }) => sentence);
  return {
    accepted: reasons.length === 0,
    runs: candidate.runs_alone ? 'alone' : 'batched',
    checks,
    reasons,
  };
}

const stateOf = (isGood: boolean): Check['state'] => (isGood ? 'pass' : 'fail');
const points = (value: number): string => value.toFixed(2);

function checkDrop(
  { accuracy_drop_points: drop, interval_95_points: [low, high] }: Comparison,
  limit: number,
  confident: boolean,
): Check {
  const decisive = confident ? high : drop;
  const found =
    drop < 0 ? `accuracy rises by ${points(-drop)} points` : `accuracy drops by ${points(drop)} points`;
  const allowed =
    limit < 0
      ? `a rise of at least ${points(-limit)} is demanded`
      : `a drop of at most ${points(limit)} is allowed`;
  const by = confident ? ' for the upper end of the interval' : '';
  return {
    check: 'accuracy_drop',
    state: stateOf(decisive <= limit + ROUNDING),
    sentence: `${found} (95 % interval of the drop ${points(low)} to ${points(high)}); ${allowed}${by}`,
  };
}

function checkAccuracy(
  { accuracy, interval_95: [low, high] }: Evidence['accuracy'],
  least: number,
  confident: boolean,
): Check {
  const inWords = (share: number): string => percent(share, 2);
  const by = confident ? ' for the lower end of the interval' : '';
  return {
    check: 'accuracy',
    state: stateOf((confident ? low : accuracy) >= least - ROUNDING),
    sentence: `accuracy is ${inWords(accuracy)} (95 % interval ${inWords(low)} to ${inWords(high)}); at least ${inWords(least)} is demanded${by}`,
  };
}

function checkAnswers({ unanswered, accuracy: { n } }: Evidence): Check {
  return {
    check: 'answers',
    state: stateOf(unanswered === 0),
    sentence:
      unanswered === 0 ? `all ${n} texts have an answer` : `${unanswered} of ${n} texts have no answer`,
  };
}

function checkBatchVariance(
  {
    batch_variance: { mixed, padded, label_flips: flips, max_score_change: change },
    runs_alone: alone,
  }: Evidence,
  most: number,
): Check {
  const found = `${flips} ${flips === 1 ? 'label flips' : 'labels flip'} with the texts beside them (${mixed.texts} texts in mixed batches, ${padded.texts} padded; a score changes by at most ${scoreDifference(change)})`;
  if (flips <= most) return { check: 'batch_variance', state: 'pass', sentence: found };
  const remedy = alone
    ? 'its manifest makes it run alone'
    : 'let it run alone (batching.runs_alone in its manifest) or quantize it statically, and evaluate again';
  return { check: 'batch_variance', state: stateOf(alone), sentence: `${found}; ${remedy}` };
}

function checkParity({ parity }: Evidence): Check {
  if (parity === null) {
    return {
      check: 'parity',
      state: 'not_checked',
      sentence: 'it has no parity.json to check this machine by',
    };
  }
  const {
    texts,
    tokenized_differently: tokenized,
    label_flips: flips,
    max_score_difference: difference,
    tolerance,
  } = parity;
  return {
    check: 'parity',
    state: stateOf(tokenized === 0 && flips === 0 && difference <= tolerance),
    sentence: `of ${texts} golden texts ${tokenized} have other tokens and ${flips} another label here, scores differ by at most ${scoreDifference(difference)} (allowed ${tolerance})`,
  };
}
