/** The counts of a block, or of a whole run. */
export interface Tally {
  /** Records, answered or not; blank lines are none. */
  lines: number;
  /** Lines of the input: those of the records, the blank ones, and the header of a table. */
  inputLines: number;
  /** Of these, lines that continue a record which began on an earlier line. */
  continuedLines: number;
  errors: number;
  blankLines: number;
  truncated: number;
  /** Number of answered lines by their number of tokens, which the version's limit bounds. */
  readonly byTokens: Map<number, number>;
}

export const emptyTally = (): Tally => ({
  lines: 0,
  inputLines: 0,
  continuedLines: 0,
  errors: 0,
  blankLines: 0,
  truncated: 0,
  byTokens: new Map(),
});

export function addTally(total: Tally, more: Tally): void {
  total.lines += more.lines;
  total.inputLines += more.inputLines;
  total.continuedLines += more.continuedLines;
  total.errors += more.errors;
  total.blankLines += more.blankLines;
  total.truncated += more.truncated;
  for (const [tokens, count] of more.byTokens) {
    total.byTokens.set(tokens, (total.byTokens.get(tokens) ?? 0) + count);
  }
}

/** Tokens of all answered lines, equal texts counted each time. */
export function tokensOf({ byTokens }: Tally): number {
  let sum = 0;
  for (const [tokens, count] of byTokens) sum += tokens * count;
  return sum;
}

/** The smallest number of tokens that at least the given share of the answered lines does not exceed; null without any. */
export function tokensQuantile({ byTokens }: Tally, share: number): number | null {
  const sorted = [...byTokens].sort(([a], [b]) => a - b);
  const all = sorted.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [tokens, count] of sorted) {
    seen += count;
    if (seen >= share * all) return tokens;
  }
  return null;
}
