import { setImmediate } from 'node:timers/promises';
import type { Answer } from '../../engine/tasks/task.js';
import { type TextOutcome, type LineError } from '../../engine/dispatch/batch-group.js';
import { nothingLeft } from '../../engine/text.js';
import type { TextTokenizer } from '../../engine/tokenization/text-tokenizer.js';
import { BatchPlanner, type BatchLimits, type BatchPlan } from '../../engine/dispatch/batch-plan.js';
import { linesIn, type Block } from '../records/blocks.js';
import { emptyTally, type Tally } from './block-tally.js';
import {
  isLineError,
  linesInWords,
  type BlockReader,
  type Lines,
  type TextLine,
} from '../records/records.js';

const { code, message } = nothingLeft('The text');
const NOTHING_LEFT: LineError = { code, message };

/** Work on a block makes way this often for the messages of the workers, which must never wait for it. */
const SLICE_MS = 2;

/** A record with its lines; what is not blank. */
interface PlannedLine extends Lines {
  readonly content: TextLine | LineError;
}

/** A block that has been read and planned, and waits for its answers. */
export interface PlannedBlock {
  readonly block: Block;
  readonly lines: readonly PlannedLine[];
  readonly blankLines: number;
  readonly plan: BatchPlan;
}

/** A block's part of the output. */
export interface RenderedBlock {
  readonly output: string;
  /** Its part of the errors file: one JSON object per bad record. */
  readonly errors: string;
  readonly firstError: (LineError & Lines) | undefined;
  readonly tally: Tally;
}

/** Ends a slice of work once it has lasted long enough. */
function slicer(): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < SLICE_MS) return undefined;
    return setImmediate().then(() => {
      since = performance.now();
    });
  };
}

export async function planBlock(
  block: Block,
  read: BlockReader,
  tokenizer: Pick<TextTokenizer, 'encode' | 'isEmpty'>,
  limits: BatchLimits,
): Promise<PlannedBlock> {
  const planner = new BatchPlanner(tokenizer, limits);
  const lines: PlannedLine[] = [];
  let blankLines = 0;
  const pause = slicer();
  for (const { line, lastLine, content } of read(block)) {
    if (content === 'blank') blankLines++;
    else {
      const isLeft = isLineError(content) || planner.add(content.text);
      lines.push({ line, lastLine, content: isLeft ? content : NOTHING_LEFT });
    }
    await pause();
  }
  return { block, lines, blankLines, plan: planner.finish() };
}

/** The error of a record, as a line of the errors file: one of several lines says so in its message too. */
function errorLine({ line, lastLine, code, message }: LineError & Lines): string {
  const record =
    line === lastLine
      ? { line, code, message }
      : { line, last_line: lastLine, code, message: `In ${linesInWords({ line, lastLine })}: ${message}` };
  return `${JSON.stringify(record)}\n`;
}

/** @param outcomes the outcome of each text of the plan */
export async function renderBlock(
  { block, lines, blankLines, plan }: PlannedBlock,
  outcomes: readonly TextOutcome[],
  writeAnswer: (row: Answer) => string,
): Promise<RenderedBlock> {
  const output: string[] = [];
  const errors: string[] = [];
  let firstError: RenderedBlock['firstError'];
  const tally = { ...emptyTally(), lines: lines.length, inputLines: linesIn(block), blankLines };
  const pause = slicer();
  let next = 0;
  for (const { line, lastLine, content } of lines) {
    tally.continuedLines += lastLine - line;
    const outcome = isLineError(content) ? content : outcomes[plan.indices[next++] ?? 0];
    if (outcome === undefined) throw new Error(`Line ${String(line)} has neither an answer nor an error.`);
    if ('code' in outcome) {
      const { code, message } = outcome;
      firstError ??= { line, lastLine, code, message };
      errors.push(errorLine({ line, lastLine, code, message }));
      tally.errors++;
    } else if (!isLineError(content)) {
      output.push(content.prefix, writeAnswer(outcome));
      tally.byTokens.set(outcome.tokens, (tally.byTokens.get(outcome.tokens) ?? 0) + 1);
      if (outcome.truncated) tally.truncated++;
    }
    await pause();
  }
  return { output: output.join(''), errors: errors.join(''), firstError, tally };
}
