import type { Answer, FileAnswer, FileOutcome, ServiceOutcome } from './text-outcome.js';

/** How two answers about one text differ. */
export interface Difference {
  readonly label: boolean;
  readonly tokens: boolean;
  readonly truncated: boolean;
  /** |Δ| of the scores that both paths give the service's label; 1 when the file path has no such label. */
  readonly score: number;
}

/** `refused`: both paths refuse the text, with the same code, which is agreement. */
export type Comparison =
  | { readonly kind: 'equal'; readonly difference: Difference }
  | { readonly kind: 'refused' }
  | { readonly kind: 'different'; readonly difference: Difference | null };

/**
 * Compares the outcomes of both paths for one text.
 * @param tolerance most that the scores may differ; labels, tokens and truncation must be equal
 */
export function compare(service: ServiceOutcome, file: FileOutcome, tolerance: number): Comparison {
  if (!service.ok || !file.ok) {
    const agree = !service.ok && !file.ok && service.code === file.code;
    return agree ? { kind: 'refused' } : { kind: 'different', difference: null };
  }
  const difference = differenceOf(service, file);
  const { label, tokens, truncated, score } = difference;
  const sameVersion = service.version === file.version;
  const equal = sameVersion && !label && !tokens && !truncated && score <= tolerance;
  return { kind: equal ? 'equal' : 'different', difference };
}

function differenceOf(service: Answer, file: FileAnswer): Difference {
  const same = Object.hasOwn(file.scores, service.label) ? file.scores[service.label] : undefined;
  return {
    label: service.label !== file.label,
    tokens: service.tokens !== file.tokens,
    truncated: service.truncated !== file.truncated,
    score: same === undefined ? 1 : Math.abs(service.score - same),
  };
}
