/** Sums of a row of counters, each changed and summed up to any place in O(log n) (Fenwick, Software 24(3), 1994). */
class Counters {
  private readonly tree: Int32Array;

  constructor(length: number) {
    this.tree = new Int32Array(length + 1);
  }

  /** @param at from 1 */
  add(at: number, change: number): void {
    const { tree } = this;
    for (let i = at; i < tree.length; i += i & -i) tree[i] = (tree[i] ?? 0) + change;
  }

  /** Of the counters 1 to `to`. */
  sum(to: number): number {
    let sum = 0;
    for (let i = to; i > 0; i -= i & -i) sum += this.tree[i] ?? 0;
    return sum;
  }
}

/**
 * The LRU stack distance of each request: how many different keys came since the same key came last, that key
 * included; 0 where the key comes for the first time. LRU keeps in n entries the n keys that came last, so one
 * distance answers for all sizes at once: a cache of n entries answers a request exactly if its distance is 1 to n.
 *
 * R. L. Mattson, J. Gecsei, D. R. Slutz, I. L. Traiger: Evaluation techniques for storage hierarchies, IBM Systems
 * Journal 9(2), 1970. In O(n log n) with a tree over the places of the trace, where each key is marked at its last
 * place: B. T. Bennett, V. J. Kruskal: LRU stack processing, IBM Journal of Research and Development 19(4), 1975.
 * @param keys whole numbers from 0, such as {@link Trace.ids}
 */
export function stackDistances(keys: ArrayLike<number>): Uint32Array {
  const marks = new Counters(keys.length);
  const lastPlace = new Map<number, number>();
  const distances = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? 0;
    const place = i + 1;
    const before = lastPlace.get(key);
    if (before !== undefined) {
      // Every key has one mark; those at or behind `before` are the keys that came since, and this one.
      distances[i] = lastPlace.size - marks.sum(before - 1);
      marks.add(before, -1);
    }
    marks.add(place, 1);
    lastPlace.set(key, place);
  }
  return distances;
}
