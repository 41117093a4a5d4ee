/** Numbers per slot: left id + 1 (0: the slot is free), right id, rank, id of the merged token. */
const FIELDS = 4;
const LEAST_BITS = 4;

/** The merges of a BPE model by their pair of ids, in one array: a look-up creates no string and no number object. */
export class MergeTable {
  private readonly slots: Int32Array;
  private readonly bits: number;

  /** @param pairs the most pairs that will be set; the table stays at most half full */
  constructor(pairs: number) {
    this.bits = Math.max(LEAST_BITS, Math.ceil(Math.log2(2 * pairs + 1)));
    this.slots = new Int32Array(FIELDS << this.bits);
  }

  /** Sets the rank of a pair and the id that it becomes. A pair that is set twice keeps what was set last. */
  set(left: number, right: number, rank: number, id: number): void {
    const at = this.slotOf(left, right) * FIELDS;
    this.slots[at] = left + 1;
    this.slots[at + 1] = right;
    this.slots[at + 2] = rank;
    this.slots[at + 3] = id;
  }

  /** Where a pair is, for {@link rankAt} and {@link idAt}; −1 for a pair that has no merge. */
  find(left: number, right: number): number {
    const slot = this.slotOf(left, right);
    return this.slots[slot * FIELDS] === 0 ? -1 : slot;
  }

  rankAt(place: number): number {
    return this.slots[place * FIELDS + 2] ?? 0;
  }

  idAt(place: number): number {
    return this.slots[place * FIELDS + 3] ?? 0;
  }

  private slotOf(left: number, right: number): number {
    const { slots, bits } = this;
    const mask = (1 << bits) - 1;
    // Multiplicative hashing, as in PieceTrie.
    let slot = Math.imul(Math.imul(left, 0x85ebca6b) + right, 0x9e3779b1) >>> (32 - bits);
    for (;;) {
      const found = slots[slot * FIELDS];
      if (found === 0 || (found === left + 1 && slots[slot * FIELDS + 1] === right)) return slot;
      slot = (slot + 1) & mask;
    }
  }
}
