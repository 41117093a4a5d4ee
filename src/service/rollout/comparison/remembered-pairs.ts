import type { AnswerPair, SideAnswer } from '../../../rollout/evidence/record.js';

/** A power of two. */
const SLOTS = 2 ** 16;
const MASK = BigInt(SLOTS - 1);

type Said = readonly number[] | null;

const saidOf = (answer: SideAnswer): Said => answer?.said ?? null;
const answerOf = (said: Said): SideAnswer => (said === null ? null : { said, score: 0 });

/**
 * What both versions said about texts that were compared already, so that a text that comes again counts in the
 * traffic-weighted rate without being computed again. Direct-mapped: a text that falls on the slot of another one
 * takes its place, and that one is computed anew when it returns. 1.5 MiB: a hash and two references a slot, to the
 * lists of labels that the comparer shares.
 */
export class RememberedPairs {
  private readonly hashes = new BigUint64Array(SLOTS);
  private readonly stable = new Array<Said>(SLOTS).fill(null);
  private readonly canary = new Array<Said>(SLOTS).fill(null);
  private readonly flips = new Uint8Array(SLOTS);

  /** The labels, with scores and a distance of 0: these are counted with a text's first pair alone. */
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
