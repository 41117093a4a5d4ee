/** A text on which the versions disagree. */
export interface FlipExample {
  /** 16 hex digits. */
  readonly hash: string;
  /** Index of the first label that the version gave; -1 when it gave none. */
  readonly stableLabel: number;
  readonly canaryLabel: number;
  /** The other labels that the version gave; absent where a text has one label. */
  readonly stableOthers?: readonly number[];
  readonly canaryOthers?: readonly number[];
  readonly stableScore: number;
  readonly canaryScore: number;
  /** UTF-16 units of the text. */
  readonly length: number;
  /** Null unless texts may be logged. */
  readonly text: string | null;
}

const NO_LABEL = -1;
const MAX_EXAMPLES = 50;
/** Of a long text, only this many UTF-16 units from the beginning are kept. */
const MAX_TEXT_LENGTH = 500;

/** The labels of both versions, in the form of an example. */
export function exampleLabels(
  stable: readonly number[],
  canary: readonly number[],
): Pick<FlipExample, 'stableLabel' | 'canaryLabel' | 'stableOthers' | 'canaryOthers'> {
  const [stableLabel = NO_LABEL, ...stableOthers] = stable;
  const [canaryLabel = NO_LABEL, ...canaryOthers] = canary;
  return {
    stableLabel,
    canaryLabel,
    ...(stableOthers.length > 0 && { stableOthers }),
    ...(canaryOthers.length > 0 && { canaryOthers }),
  };
}

/** 16 hex digits, as in FlipExample.hash. */
export const hexOf = (hash: bigint): string => hash.toString(16).padStart(16, '0');

/** The part of the text that an example keeps. */
export const exampleText = (text: string): string => text.slice(0, MAX_TEXT_LENGTH);

/** The example without the user's text. */
export const withoutText = (example: FlipExample): FlipExample => ({ ...example, text: null });

/**
 * Merges examples, for example of several replicas: keeps the 50 with the smallest hashes. Hashes do not depend on the
 * kind of text, so these are a fair sample of all distinct flips. The sample is the same in whatever order the parts
 * are merged.
 */
export function mergeExamples(...parts: readonly (readonly FlipExample[])[]): FlipExample[] {
  const byHash = new Map(parts.flat().map((example) => [example.hash, example]));
  return [...byHash.values()].sort((a, b) => (a.hash < b.hash ? -1 : 1)).slice(0, MAX_EXAMPLES);
}
