import type { SideAnswer } from '../../../rollout/evidence/record.js';

/** Labels of both versions about one text. */
export interface RememberedPair {
  readonly stable: SideAnswer;
  readonly canary: SideAnswer;
}

/** A power of two; 16 bytes each. */
const SLOTS = 2 ** 16;
const MASK = BigInt(SLOTS - 1);
const FAILED = -1;

const labelOf = (answer: SideAnswer): number => answer?.label ?? FAILED;
const answerOf = (label: number): SideAnswer => (label === FAILED ? null : { label, score: 0 });

/**
 * What both versions said about texts that were compared already, so that a text that comes again counts in the
 * traffic-weighted rate without being computed again. Direct-mapped: a text that falls on the slot of another one
 * takes its place, and that one is computed anew when it returns. 1 MiB.
 */
export class RememberedPairs {
  private readonly hashes = new BigUint64Array(SLOTS);
  private readonly labels = new Int32Array(2 * SLOTS);

  /** The labels, with a score of 0: scores are counted with a text's first pair alone. */
  get(hash: bigint): RememberedPair | undefined {
    const slot = slotOf(hash);
    if (hash === 0n || this.hashes[slot] !== hash) return undefined;
    const [stable = FAILED, canary = FAILED] = this.labels.subarray(2 * slot, 2 * slot + 2);
    return { stable: answerOf(stable), canary: answerOf(canary) };
  }

  set(hash: bigint, { stable, canary }: RememberedPair): void {
    const slot = slotOf(hash);
    this.hashes[slot] = hash;
    this.labels[2 * slot] = labelOf(stable);
    this.labels[2 * slot + 1] = labelOf(canary);
  }
}

const slotOf = (hash: bigint): number => Number(hash & MASK);
