import { createHash } from 'node:crypto';

/** 1,048,576 texts: 16 MiB when full. */
const MAX_TEXTS = 2 ** 20;
const FIRST_SLOTS = 2 ** 10;
const EMPTY = 0n;

/** 64 bits of a text's sha256. The probability that any two of a million texts share them is 3 in 100 million. */
export const textHash = (text: string): bigint =>
  createHash('sha256').update(text).digest().readBigUInt64LE();

/**
 * The distinct texts of a rollout, by their hashes, in at most 16 MiB (open addressing, at most half full). When the
 * set is full, every further text counts as seen: the counts of distinct texts then no longer grow, and `saturated` is
 * true.
 */
export class SeenTexts {
  private slots = new BigUint64Array(FIRST_SLOTS);
  private texts = 0;

  constructor(private readonly maxTexts = MAX_TEXTS) {}

  get size(): number {
    return this.texts;
  }

  get saturated(): boolean {
    return this.texts >= this.maxTexts;
  }

  /** Adds a text. True when it had not been seen before and the set was not full. */
  add(hash: bigint): boolean {
    const key = hash === EMPTY ? 1n : hash;
    const slot = this.slotOf(key);
    if (this.slots[slot] === key || this.saturated) return false;
    this.slots[slot] = key;
    this.texts++;
    if (this.texts * 2 > this.slots.length) this.grow();
    return true;
  }

  /** All hashes, 8 bytes each, little-endian, in no particular order. */
  toBytes(): Buffer {
    const bytes = Buffer.alloc(this.texts * 8);
    let offset = 0;
    for (const key of this.slots) if (key !== EMPTY) offset = bytes.writeBigUInt64LE(key, offset);
    return bytes;
  }

  /** Adds the hashes of `toBytes`; an incomplete last one is ignored. */
  addBytes(bytes: Buffer): void {
    for (let offset = 0; offset + 8 <= bytes.length; offset += 8) this.add(bytes.readBigUInt64LE(offset));
  }

  private slotOf(key: bigint): number {
    const mask = this.slots.length - 1;
    // The hash is uniform already, so its low bits can be used directly.
    let slot = Number(key & BigInt(mask));
    while (this.slots[slot] !== EMPTY && this.slots[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new BigUint64Array(old.length * 2);
    for (const key of old) if (key !== EMPTY) this.slots[this.slotOf(key)] = key;
  }
}
