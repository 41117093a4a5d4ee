/** What a label of the data may be: a name of the model's, or its index. */
export type LabelValue = string | number;

/**
 * The index of a label. A name comes before an index: a model may have the label "1" at the index 0.
 * @returns null when the model has no such label
 */
export function labelIndex(value: LabelValue, labels: readonly string[]): number | null {
  const text = String(value);
  const named = typeof value === 'string' ? labels.indexOf(value) : -1;
  if (named >= 0) return named;
  if (!/^(0|[1-9]\d*)$/.test(text)) return null;
  const index = Number(text);
  return index < labels.length ? index : null;
}

interface Foreign {
  readonly value: LabelValue;
  readonly line: number;
  count: number;
}

const MOST_LISTED = 5;

/** Labels that the model lacks, with how often and where first, for a message. */
export class ForeignLabels {
  private readonly byValue = new Map<string, Foreign>();

  get any(): boolean {
    return this.byValue.size > 0;
  }

  add(value: LabelValue, line: number): void {
    const key = JSON.stringify(value);
    const known = this.byValue.get(key);
    if (known === undefined) this.byValue.set(key, { value, line, count: 1 });
    else known.count++;
  }

  /** The sentence about them. */
  describe(labels: readonly string[]): string {
    const all = [...this.byValue.values()].sort((a, b) => b.count - a.count);
    const listed = all
      .slice(0, MOST_LISTED)
      .map(
        ({ value, line, count }) =>
          `${JSON.stringify(value)} (${count === 1 ? '' : `${count} lines, first `}line ${line})`,
      );
    const more = all.length > MOST_LISTED ? ` and ${all.length - MOST_LISTED} more` : '';
    const names = labels.map((label, i) => `${JSON.stringify(label)} or ${i}`).join(', ');
    return `labels do not fit the model: ${listed.join(', ')}${more}; it knows ${names}. --label-field names the field or column that holds them`;
  }
}
