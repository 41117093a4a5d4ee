import { BLOCK_BYTES, splitBlocks, type Block, type Position } from '../records/blocks.js';
import type { InputSource } from '../records/input-source.js';
import { jobFormats, recordEnds, type JobFormats } from './job-formats.js';
import type { JobOptions } from './job-options.js';
import { blocksOf, EVERY_BLOCK, type BlockRange } from './shard.js';

/** The blocks that a run has to do, and how to read them. */
export interface InputBlocks {
  readonly formats: JobFormats;
  readonly range: BlockRange;
  readonly blocks: AsyncIterable<Block>;
}

/**
 * Reads an input from where an earlier run ended. What can be read from the middle is; of everything else, and
 * before a shard, the blocks are read and dropped, since lines must be counted and quotes followed.
 * @param resumeAt where the last finished block ended
 */
export async function openBlocks(
  source: InputSource,
  options: JobOptions,
  resumeAt: Position | undefined,
): Promise<InputBlocks> {
  const range =
    options.shard === null
      ? EVERY_BLOCK
      : blocksOf(options.shard, await source.uncompressedBytes(), BLOCK_BYTES);
  const isTable = options.inputFormat.records !== 'jsonl';
  const from = resumeAt !== undefined && source.seekable && !isTable ? resumeAt : { offset: 0, line: 1 };
  const all = splitBlocks(source.read(from.offset), recordEnds(options), from)[Symbol.asyncIterator]();
  let next = await all.next();
  const formats = jobFormats(options, next.done === true ? undefined : next.value);
  async function* wanted(): AsyncGenerator<Block> {
    try {
      for (; next.done !== true && next.value.number < range.to; next = await all.next()) {
        const isDone = resumeAt !== undefined && next.value.start.offset < resumeAt.offset;
        if (!isDone && next.value.number >= range.from) yield next.value;
      }
    } finally {
      await all.return(undefined);
    }
  }
  return { formats, range, blocks: wanted() };
}
