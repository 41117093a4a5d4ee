/**
 * p-values of a family of tests, adjusted after Holm (1979, Scand. J. Stat. 6): where nothing differs, the least of
 * them falls below 0.05 in at most 5 % of the families. A report that asks twenty questions at once would otherwise
 * find a difference in most of its runs.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((p, place) => ({ p, place })).sort((a, b) => a.p - b.p);
  const adjusted = new Array<number>(pValues.length).fill(1);
  let most = 0;
  order.forEach(({ p, place }, rank) => {
    most = Math.max(most, Math.min(1, (pValues.length - rank) * p));
    adjusted[place] = most;
  });
  return adjusted;
}
