import type { AcceptanceLimits } from '../../registry/acceptance.js';
import type { Interval } from './statistics/proportion.js';
import type { CandidateFigures, Comparison } from './version-figures.js';
import { count, counted, percent, scoreDifference } from '../../base/format.js';

/** One thing that a version must be good for. */
export interface Check {
  readonly check:
    | 'texts'
    | 'accuracy_drop'
    | 'macro_f1_drop'
    | 'drop_interval'
    | 'accuracy'
    | 'macro_f1'
    | 'answers'
    | 'batch_variance'
    | 'parity';
  /** `not_checked`: there is nothing to check it by. `forced`: it failed, and --force lets it pass. */
  readonly state: 'pass' | 'fail' | 'forced' | 'not_checked';
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
  /** The sentences of the checks that --force lets pass. */
  readonly forced: readonly string[];
}

/** Which evidence there is, and whether less than demanded is enough. */
export interface Sample {
  readonly distinctTexts: number;
  /** `--force`. */
  readonly force: boolean;
}

/** With fewer texts a Wilson interval of an accuracy of 90 % is wider than 8 points: it tells good from bad, no more. */
export const LEAST_TEXTS = 200;

/**
 * Points. A drop that may be as large as this is no proof that a version is good: its texts are too few, or it changes
 * many answers.
 */
export const WIDEST_DROP_POINTS = 2;

/** The input of the decision. */
export type Evidence = Pick<
  CandidateFigures,
  'accuracy' | 'macro_f1' | 'several' | 'unanswered' | 'batch_variance' | 'runs_alone' | 'parity'
>;

/** The figure that a version is judged by, and how far it drops. */
interface Merit {
  readonly check: 'accuracy' | 'macro_f1';
  readonly name: string;
  readonly share: number;
  readonly interval: Interval;
}

interface Drop {
  readonly check: 'accuracy_drop' | 'macro_f1_drop';
  readonly name: string;
  readonly points: number;
  readonly interval: Interval;
}

/**
 * Where a text may have several labels, the mean F1 of the labels takes the place of accuracy: most texts have none of
 * them, so that a version which finds no label any more would still have most texts right.
 */
function meritOf({ accuracy, macro_f1: macroF1, several }: Evidence): Merit {
  return several === null
    ? { check: 'accuracy', name: 'accuracy', share: accuracy.accuracy, interval: accuracy.interval_95 }
    : {
        check: 'macro_f1',
        name: 'macro-F1',
        share: macroF1 ?? 0,
        interval: several.macro_f1_interval_95,
      };
}

function dropOf({ accuracy_drop_points: points, interval_95_points: interval, several }: Comparison): Drop {
  return several === null
    ? { check: 'accuracy_drop', name: 'accuracy', points, interval }
    : {
        check: 'macro_f1_drop',
        name: 'macro-F1',
        points: several.macro_f1_drop_points,
        interval: several.interval_95_points,
      };
}

/** Points are sums of hundredths that a double does not hold exactly. */
const ROUNDING = 1e-9;

/**
 * May the version go live? The point estimates decide; with `confident` the bounds of their intervals. What the evidence
 * lacks refuses it, too, unless the sample is taken by force.
 */
export function decide(
  candidate: Evidence,
  comparison: Comparison | null,
  limits: AcceptanceLimits,
  { distinctTexts, force }: Sample,
): Decision {
  const drop = comparison && dropOf(comparison);
  const evidence = [
    checkTexts(distinctTexts, limits.min_distinct_texts ?? 0),
    ...(drop === null || limits.max_drop_upper_points == null
      ? []
      : [checkInterval(drop, limits.max_drop_upper_points)]),
  ];
  const checks = [
    ...evidence.map((check): Check =>
      force && check.state === 'fail' ? { ...check, state: 'forced' } : check,
    ),
    ...(drop === null || limits.max_accuracy_drop_points === null
      ? []
      : [checkDrop(drop, limits.max_accuracy_drop_points, limits.confident)]),
    ...(limits.min_accuracy === null
      ? []
      : [checkMerit(meritOf(candidate), limits.min_accuracy, limits.confident)]),
    checkAnswers(candidate),
    checkBatchVariance(candidate, limits.max_batch_label_flips),
    checkParity(candidate),
  ];
  const sentencesOf = (wanted: Check['state']): string[] =>
    checks.filter(({ state }) => state === wanted).map(({ sentence }) => sentence);
  const reasons = sentencesOf('fail');
  return {
    accepted: reasons.length === 0,
    runs: candidate.runs_alone ? 'alone' : 'batched',
    checks,
    reasons,
    forced: sentencesOf('forced'),
  };
}

const stateOf = (isGood: boolean): Check['state'] => (isGood ? 'pass' : 'fail');
const points = (value: number): string => value.toFixed(2);

function checkTexts(distinct: number, least: number): Check {
  return {
    check: 'texts',
    state: stateOf(distinct >= least),
    sentence: `${counted(distinct, 'distinct text')}; at least ${count(least)} are demanded`,
  };
}

function checkInterval({ interval: [, high] }: Drop, most: number): Check {
  return {
    check: 'drop_interval',
    state: stateOf(high <= most + ROUNDING),
    sentence: `the upper end of the drop's 95 % interval is ${points(high)} points; at most ${points(most)} is allowed`,
  };
}

function checkDrop(
  { check, name, points: drop, interval: [low, high] }: Drop,
  limit: number,
  confident: boolean,
): Check {
  const decisive = confident ? high : drop;
  const found =
    drop < 0 ? `${name} rises by ${points(-drop)} points` : `${name} drops by ${points(drop)} points`;
  const allowed =
    limit < 0
      ? `a rise of at least ${points(-limit)} is demanded`
      : `a drop of at most ${points(limit)} is allowed`;
  const by = confident ? ' for the upper end of the interval' : '';
  return {
    check,
    state: stateOf(decisive <= limit + ROUNDING),
    sentence: `${found} (95 % interval of the drop ${points(low)} to ${points(high)}); ${allowed}${by}`,
  };
}

function checkMerit(
  { check, name, share, interval: [low, high] }: Merit,
  least: number,
  confident: boolean,
): Check {
  const inWords = (value: number): string => percent(value, 2);
  const by = confident ? ' for the lower end of the interval' : '';
  return {
    check,
    state: stateOf((confident ? low : share) >= least - ROUNDING),
    sentence: `${name} is ${inWords(share)} (95 % interval ${inWords(low)} to ${inWords(high)}); at least ${inWords(least)} is demanded${by}`,
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
