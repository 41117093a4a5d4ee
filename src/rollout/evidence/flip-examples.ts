/** A text on which the versions disagree. */
export interface FlipExample {
  /** 16 hex digits. */
  readonly hash: string;
  /** The first of the labels that the version gave, by its place; -1 when it gave none. */
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
/** A long text is kept by its beginning. */
const MAX_TEXT_LENGTH = 500;

/** The labels of both versions, as an example keeps them. */
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

/** The text as an example may show it. */
export const exampleText = (text: string): string => text.slice(0, MAX_TEXT_LENGTH);

/** Without what a user wrote. */
export const withoutText = (example: FlipExample): FlipExample => ({ ...example, text: null });

/**
 * Examples of several replicas as one: the 50 with the smallest hashes. A hash does not know what it stands for,
 * so these are a fair sample of all distinct flips, and the same one however the parts were put together.
 */
export function mergeExamples(...parts: readonly (readonly FlipExample[])[]): FlipExample[] {
  const byHash = new Map(parts.flat().map((example) => [example.hash, example]));
  return [...byHash.values()].sort((a, b) => (a.hash < b.hash ? -1 : 1)).slice(0, MAX_EXAMPLES);
}
