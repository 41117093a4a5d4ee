import type { BlockEntry } from './journal.js';
import type { Position } from '../records/blocks.js';
import type { Tally } from './block-tally.js';
import type { Summary } from './run-summary.js';

/** A block's part of the output, in the order of the blocks. */
export interface BlockPart {
  readonly block: number;
  readonly end: Position;
  readonly output: Buffer;
  readonly errors: Buffer;
  readonly tally: Tally;
}

/** Where the output of a run goes. */
export interface OutputTarget {
  /** What an earlier run has left there. */
  readonly done: readonly Pick<BlockEntry, 'block' | 'end' | 'tally'>[];
  /** Gets ready to write, before a new run's first part. @throws StartError when it cannot be written */
  begin(): Promise<unknown>;
  /** Resolves once the part is as safe as it will get before the next one. */
  append(part: BlockPart): Promise<void>;
  /** Makes it final. */
  finish(summary: Summary): Promise<void>;
  /** Removes what this run has created, unless it holds a block: a refused run leaves nothing behind. */
  discard(): Promise<void>;
  /** Lets go of it as it is; an unfinished one can be resumed where there is a journal. */
  close(): Promise<void>;
}
