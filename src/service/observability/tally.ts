import type { Counter } from 'prom-client';

/** What was counted under one combination of label values, by the value of the next label. */
interface Branch {
  readonly branches: Map<string, Branch>;
  count: number;
}

const newBranch = (): Branch => ({ branches: new Map(), count: 0 });

/**
 * Counts for a counter of prom-client, which is told at each scrape. For what is counted with every request: prom-client
 * finds a series by a string that it puts together from the labels each time, and that costs more than all there is to
 * count. As there, each combination of values that was ever given stays in memory: they must be few.
 */
export class Tally {
  private readonly root = newBranch();

  /** @param labelNames those of the counter, in the order in which their values will be given */
  constructor(private readonly labelNames: readonly string[]) {}

  /** @param count not below 0; with 0 the series is there from the next scrape on. */
  add(count: number, ...values: readonly string[]): void {
    let branch = this.root;
    for (const value of values) {
      let next = branch.branches.get(value);
      if (next === undefined) branch.branches.set(value, (next = newBranch()));
      branch = next;
    }
    branch.count += count;
  }

  /** Tells the counter what was counted since the last time. */
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
