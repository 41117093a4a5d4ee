import type { AnswerPair, SideAnswer } from '../../../rollout/evidence/record.js';

/** Number of slots; must be a power of two. */
const SLOTS = 2 ** 16;
const MASK = BigInt(SLOTS - 1);

type Said = readonly number[] | null;

const saidOf = (answer: SideAnswer): Said => answer?.said ?? null;
const answerOf = (said: Said): SideAnswer => (said === null ? null : { said, score: 0 });

/**
 * Remembers both versions' answers to texts that were already compared, so that a repeated text counts in the
 * traffic-weighted rate without a new computation. The table is direct-mapped: a text replaces another text in the same
 * slot, and the replaced text is computed again when it returns. It takes 1.5 MiB: per slot one hash and two references
 * to label lists that the comparer shares.
 */
export class RememberedPairs {
  private readonly hashes = new BigUint64Array(SLOTS);
  private readonly stable = new Array<Said>(SLOTS).fill(null);
  private readonly canary = new Array<Said>(SLOTS).fill(null);
  private readonly flips = new Uint8Array(SLOTS);

  /**
   * The pair of a remembered text: its labels, with scores and distance 0, because scores and distances count only with
   * a text's first pair.
   */
  get(hash: bigint): AnswerPair | undefined {
    const slot = slotOf(hash);
    if (hash === 0n || this.hashes[slot] !== hash) return undefined;
    const [stable, canary] = [answerOf(this.stable[slot] ?? null), answerOf(this.canary[slot] ?? null)];
    const isWhole = stable !== null && canary !== null;
    return { stable, canary, difference: isWhole ? { flip: this.flips[slot] === 1, distance: 0 } : null };
  }

  set(hash: bigint, { stable, canary, difference }: AnswerPair): void {
    const slot = slotOf(hash);
    this.hashes[slot] = hash;
    this.stable[slot] = saidOf(stable);
    this.canary[slot] = saidOf(canary);
    this.flips[slot] = difference?.flip === true ? 1 : 0;
  }
}

const slotOf = (hash: bigint): number => Number(hash & MASK);
