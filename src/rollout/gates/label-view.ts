import type { PairCounts } from '../evidence/counts.js';
import { signedView, type View } from './view.js';

/** The view of the label whose share changed most, and its index. */
export interface LabelView extends View {
  /** Index of the label; null while no text has flipped. */
  readonly label: number | null;
}

/**
 * The largest change of any label's share, up or down, among distinct texts that both versions answered: the texts that
 * gained the label minus those that lost it. The label shares of the users' own requests cannot be compared: when
 * requests are split by text, all repeats of a text go to the same version. Alpha is divided by labels and directions.
 */
export function labelView(where: string, pairs: PairCounts, labelCount: number, alpha: number): LabelView {
  const { pairs: n, gained, lost } = pairs;
  const each = alpha / (2 * Math.max(1, labelCount));
  const flipped = [...new Set([...Object.keys(gained), ...Object.keys(lost)])].map((key) => {
    const [up, down] = [gained[key] ?? 0, lost[key] ?? 0];
    return { label: Number(key), up, down, size: Math.abs(up - down) };
  });
  const worst = flipped.reduce<(typeof flipped)[number] | null>(
    (most, label) => (most === null || label.size > most.size ? label : most),
    null,
  );
  const views = worstOf(flipped).map(({ up, down }) => signedView(where, up, down, n, each));
  return {
    where,
    label: worst?.label ?? null,
    observed: n === 0 ? null : (worst?.size ?? 0) / n,
    n,
    provesAbove: (limit) => views.some((view) => view.provesAbove(limit)),
    provesBelow: (limit) => n > 0 && views.every((view) => view.provesBelow(limit)),
    bounds: () => {
      const all = views.map((view) => view.bounds());
      return {
        lower: Math.max(0, ...all.map(({ lower }) => lower)),
        upper: Math.max(...all.map(({ upper }) => upper)),
      };
    },
  };
}

interface Change {
  readonly up: number;
  readonly down: number;
}

/**
 * Takes both directions of every label, and one zero change for the labels without a flip. Keeps only the changes that
 * no other change dominates (at least as much gained and at most as much lost). A proof about these holds for all
 * others, and of a thousand labels only a few remain.
 */
function worstOf(labels: readonly Change[]): Change[] {
  const changes = [...labels, ...labels.map(({ up, down }) => ({ up: down, down: up })), { up: 0, down: 0 }];
  changes.sort((a, b) => b.up - a.up || a.down - b.down);
  let least = Infinity;
  return changes.filter(({ down }) => {
    const surpassed = down >= least;
    least = Math.min(least, down);
    return !surpassed;
  });
}
