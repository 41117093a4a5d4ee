/**
 * Ranks by Zipf's law: rank k of n is drawn with probability k^-s / (1^-s + … + n^-s). Drawn by inversion, with the
 * cumulated weights in memory (8 bytes per rank).
 */
export class ZipfSampler {
  private readonly cumulated: Float64Array;

  /**
   * @param ranks n, at least 1
   * @param exponent s, above 0
   * @param random numbers in [0, 1)
   */
  constructor(
    ranks: number,
    exponent: number,
    private readonly random: () => number,
  ) {
    this.cumulated = new Float64Array(ranks);
    let sum = 0;
    for (let k = 1; k <= ranks; k++) this.cumulated[k - 1] = sum += k ** -exponent;
  }

  /** A rank, from 1. */
  next(): number {
    const { cumulated } = this;
    const wanted = this.random() * (cumulated.at(-1) ?? 0);
    let [low, high] = [0, cumulated.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulated[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return low + 1;
  }
}
