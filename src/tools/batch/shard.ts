/** The i-th of n parts of an input, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Blocks `from` to `to`, the latter excluded. */
export interface BlockRange {
  readonly from: number;
  readonly to: number;
}

export const EVERY_BLOCK: BlockRange = { from: 0, to: Infinity };

/** Reads `2/4`; null when it is not written so. */
export function parseShard(text: string): Shard | null {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  return index >= 1 && index <= count ? { index, count } : null;
}

/** The blocks of a shard: contiguous, in the order of the shards, and together all of them. */
export function blocksOf({ index, count }: Shard, inputBytes: number, blockBytes: number): BlockRange {
  const blocks = Math.ceil(inputBytes / blockBytes);
  return {
    from: Math.floor(((index - 1) * blocks) / count),
    to: Math.floor((index * blocks) / count),
  };
}
