import { type Cause, type Sides, likelyCause } from './causes.js';
import { compare } from './compare-outcomes.js';
import type { FileOutcome, ServiceOutcome } from './text-outcome.js';
import type { SampledText } from './hash-sample.js';

/** One path's side of a difference. */
export type Side =
  | {
      readonly label: string;
      readonly score: number;
      readonly tokens: number;
      readonly truncated: boolean;
      readonly model_version: string;
    }
  | { readonly code: string; readonly message: string };

/** A text about which the two paths do not agree. */
export interface Finding extends Cause {
  readonly line: number;
  /** sha256 of the text in UTF-8, hex. */
  readonly text_sha256: string;
  readonly text_chars: number;
  /** Only when asked for. */
  readonly text?: string;
  readonly service: Side;
  readonly files: Side;
  /** Of the service's label; null when one path gave no answer. */
  readonly score_difference: number | null;
}

/** The totals over all compared texts. */
export interface Findings {
  readonly compared: number;
  readonly equal: number;
  /** Texts that both paths refuse with the same code; they agree. */
  readonly refused_by_both: number;
  readonly different: number;
  /** Of those: texts that one path did not answer. */
  readonly failed: number;
  /** Over all texts that both answered, the equal ones included. */
  readonly max_score_difference: number;
  /** Differences by likely cause. */
  readonly causes: Readonly<Record<string, number>>;
  readonly differences: readonly Finding[];
}

export interface FindOptions {
  readonly tolerance: number;
  readonly showText: boolean;
}

/** Compares the outcomes of both paths, text by text. */
export function findDifferences(
  sample: readonly SampledText[],
  service: readonly ServiceOutcome[],
  files: readonly FileOutcome[],
  sides: Sides,
  { tolerance, showText }: FindOptions,
): Findings {
  const differences: Finding[] = [];
  const causes: Record<string, number> = {};
  let [equal, refusedByBoth, failed, largest] = [0, 0, 0, 0];
  sample.forEach(({ line, text, hash }, i) => {
    const [there, here] = [service[i], files[i]];
    if (there === undefined || here === undefined) throw new Error(`line ${line} has no outcome`);
    const comparison = compare(there, here, tolerance);
    if (comparison.kind === 'refused') {
      refusedByBoth++;
      return;
    }
    const { difference } = comparison;
    largest = Math.max(largest, difference?.score ?? 0);
    if (comparison.kind === 'equal') {
      equal++;
      return;
    }
    if (difference === null) failed++;
    const cause = likelyCause({ text, service: there, file: here, difference }, sides);
    causes[cause.cause] = (causes[cause.cause] ?? 0) + 1;
    differences.push({
      line,
      text_sha256: hash,
      text_chars: text.length,
      ...(showText && { text }),
      service: sideOf(there),
      files: sideOf(here),
      score_difference: difference?.score ?? null,
      ...cause,
    });
  });
  return {
    compared: sample.length,
    equal,
    refused_by_both: refusedByBoth,
    different: differences.length,
    failed,
    max_score_difference: largest,
    causes,
    differences,
  };
}

function sideOf(outcome: ServiceOutcome): Side {
  if (!outcome.ok) return { code: outcome.code, message: outcome.message };
  const { label, score, tokens, truncated, version } = outcome;
  return { label, score, tokens, truncated, model_version: version };
}
