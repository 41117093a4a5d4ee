import type { Counter } from 'prom-client';

/**
 * A node of the counts: the branches by the value of the next label, and the count of a complete combination of values.
 */
interface Branch {
  readonly branches: Map<string, Branch>;
  count: number;
}

const newBranch = (): Branch => ({ branches: new Map(), count: 0 });

/**
 * Counts for a prom-client counter, which is updated at each scrape. It is meant for series that change with every
 * request: prom-client builds a string from the labels to find a series, which costs more than all the counting here.
 * As in prom-client, every combination of label values stays in memory, so there must be few.
 */
export class Tally {
  private readonly root = newBranch();

  /** @param labelNames the counter's label names, in the order in which add() gets their values */
  constructor(private readonly labelNames: readonly string[]) {}

  /** @param count at least 0; with 0 the series exists from the next scrape on */
  add(count: number, ...values: readonly string[]): void {
    let branch = this.root;
    for (const value of values) {
      let next = branch.branches.get(value);
      if (next === undefined) branch.branches.set(value, (next = newBranch()));
      branch = next;
    }
    branch.count += count;
  }

  /** Adds the counts since the last flush to the counter. */
  flush(counter: Counter): void {
    this.flushBranch(counter, this.root, {}, 0);
  }

  private flushBranch(counter: Counter, branch: Branch, labels: Record<string, string>, depth: number): void {
    const name = this.labelNames[depth];
    if (name === undefined) {
      counter.inc(labels, branch.count);
      branch.count = 0;
      return;
    }
    for (const [value, next] of branch.branches) {
      this.flushBranch(counter, next, { ...labels, [name]: value }, depth + 1);
    }
  }
}
