import type { KeptLayer, Layer } from './layers.js';

/** The measurements that a search makes on the models that it tries. */
export interface Trials {
  /** The name of the share by which models are judged: accuracy, or macro-F1 where a text may have several labels. */
  readonly merit: string;
  /** Points of it that the source has above the model with these layers quantised, on labelled texts. */
  dropPoints(layers: readonly Layer[]): Promise<number>;
  /** Mean |Δ| of the scores against the source when only this layer is quantised. */
  shift(layer: Layer): Promise<number>;
}

export interface SearchResult {
  readonly layers: readonly Layer[];
  readonly leftOut: readonly KeptLayer[];
  /** Of the layers that are quantised. */
  readonly dropPoints: number;
}

/** Points are sums of hundredths that a double does not hold exactly. */
const ROUNDING = 1e-9;

/**
 * Leaves out the fewest layers, those first that move the scores most by themselves, that bring the loss of accuracy, or
 * of macro-F1, within a limit. The number is doubled until it is enough, then halved in: a loss that does not fall steadily with it
 * may hide a smaller number, but what is returned has been measured.
 * @returns null when even the source without any but one of them loses more
 */
export async function leaveOutFewest(
  layers: readonly Layer[],
  maxDropPoints: number,
  trials: Trials,
  say: (sentence: string) => void,
): Promise<SearchResult | null> {
  let ranked: readonly Layer[] = layers;
  const dropWithout = async (count: number): Promise<number> => {
    const drop = await trials.dropPoints(ranked.slice(count));
    say(
      `layers left out: ${count}; ${trials.merit} drops by ${drop.toFixed(2)} points, ${maxDropPoints} are allowed`,
    );
    return drop;
  };
  const isEnough = (drop: number): boolean => drop <= maxDropPoints + ROUNDING;
  const resultOf = (count: number, dropPoints: number): SearchResult => ({
    layers: layers.filter((layer) => ranked.indexOf(layer) >= count),
    leftOut: ranked.slice(0, count).map(({ name }) => ({ name, reason: 'left out by the search' })),
    dropPoints,
  });
  const first = await dropWithout(0);
  if (isEnough(first)) return resultOf(0, first);
  ranked = await rank(layers, trials);
  let tooFew = 0;
  let best: { count: number; drop: number } | null = null;
  for (let count = 1; best === null; count = Math.min(2 * count, layers.length - 1)) {
    const drop = await dropWithout(count);
    if (isEnough(drop)) best = { count, drop };
    else if (count === layers.length - 1) return null;
    else tooFew = count;
  }
  while (best.count - tooFew > 1) {
    const count = Math.floor((tooFew + best.count) / 2);
    const drop = await dropWithout(count);
    if (isEnough(drop)) best = { count, drop };
    else tooFew = count;
  }
  return resultOf(best.count, best.drop);
}

/** The layers, those first that move the scores most. */
async function rank(layers: readonly Layer[], trials: Trials): Promise<Layer[]> {
  const shifts: { layer: Layer; shift: number }[] = [];
  for (const layer of layers) shifts.push({ layer, shift: await trials.shift(layer) });
  return shifts.sort((a, b) => b.shift - a.shift).map(({ layer }) => layer);
}
