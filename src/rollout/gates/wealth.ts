/** Observed values, each at least 0, with their counts. */
export type Tally = readonly (readonly [value: number, count: number])[];

/**
 * Bets c = odds ratio − 1, from 1/4096 to 128 in steps of √2. About half of the stake is on c = 1 and its two
 * neighbours. c = 1 stands for twice the allowed odds, which is the difference that a gate has to find. The stakes of
 * the other bets decrease with the square of the distance, so that very small or very large differences are found too,
 * only later.
 */
const BETS = ((): readonly { readonly c: number; readonly stake: number; readonly log1pC: number }[] => {
  const exponents = Array.from({ length: 39 }, (_, i) => i - 24);
  const weight = (j: number): number => 1 / (1 + Math.abs(j)) ** 2;
  const sum = exponents.reduce((total, j) => total + weight(j), 0);
  return exponents.map((j) => {
    const c = 2 ** (j / 2);
    return { c, stake: Math.log(weight(j) / sum), log1pC: Math.log1p(c) };
  });
})();

/**
 * Logarithm of the wealth of a player who starts with 1 and bets that the mean of y₁, y₂, … is above `mean`.
 *
 * Each bet c multiplies its stake by (1 + c·y) / (1 + c·mean) per observation. Where E[y | past] ≤ mean and y ≥ 0 that
 * factor is at most 1 on average, so the wealth is a non-negative supermartingale, and by Ville's inequality the
 * probability that it ever reaches 1/α is at most α, however often it is checked. For y of 0 and 1 the factor is the
 * likelihood ratio of the odds (1 + c) times as high. The weighted sum over all c is a supermartingale too (Robbins
 * 1970, "Statistical methods related to the law of the iterated logarithm": the method of mixtures; Waudby-Smith &
 * Ramdas 2024, "Estimating means of bounded random variables by betting"). The wealth depends only on counts, so the
 * evidence of several replicas can be added. It decreases as `mean` increases, and increases with every y.
 */
export function logWealth(tally: Tally, mean: number): number {
  let n = 0;
  for (const [, count] of tally) n += count;
  const logs = BETS.map(({ c, stake, log1pC }) => {
    let log = stake - n * Math.log1p(c * mean);
    for (const [value, count] of tally) {
      if (count > 0) log += count * (value === 1 ? log1pC : Math.log1p(c * value));
    }
    return log;
  });
  const highest = Math.max(...logs);
  return highest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - highest), 0));
}
