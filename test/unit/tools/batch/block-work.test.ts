import { describe, expect, it } from 'vitest';
import { addTally, emptyTally } from '../../../../src/tools/batch/block-tally.js';
import { planBlock, renderBlock } from '../../../../src/tools/batch/block-work.js';
import { describeSummary, summarize } from '../../../../src/tools/batch/run-summary.js';
import type { Block } from '../../../../src/tools/records/blocks.js';
import { dialectOf } from '../../../../src/tools/records/file-format.js';
import { readTableHeader, tableReader } from '../../../../src/tools/records/table-records.js';

const CSV = dialectOf('csv', false);

function blockOf(text: string): Block {
  const bytes = Buffer.from(text);
  return { number: 0, start: { offset: 0, line: 1 }, end: { offset: bytes.length, line: 8 }, bytes };
}

/** Header, a bad record of three lines, a blank line, a good one of two lines, one that the model fails on. */
const BLOCK = blockOf('text,n\n"a\n\nb",1,2\n\n"c\nd",1\n"e"x,2');

async function rendered() {
  const read = tableReader(readTableHeader(BLOCK, CSV, 'text'), CSV, () => '');
  const encode = (text: string) => ({ ids: Array<number>(text.length).fill(1), truncated: false });
  const tokenizer = { encode, isEmpty: () => false };
  const planned = await planBlock(BLOCK, read, tokenizer, { maxPaddedTokens: 100, runsAlone: false });
  const answer = { value: { scores: [1] }, tokens: 3, truncated: false };
  const failed = { code: 'INFERENCE_FAILED', message: 'The model failed.' } as const;
  return renderBlock(planned, [answer, failed], () => 'answer\n');
}

describe('a block whose records have several lines', () => {
  it('names the range in an error that stands for several, and one line otherwise', async () => {
    const { errors, firstError, output } = await rendered();
    expect(
      errors
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      {
        line: 2,
        last_line: 4,
        code: 'INVALID_REQUEST',
        message: 'In lines 2 to 4: The record has 3 fields; the header names 2.',
      },
      { line: 8, code: 'INFERENCE_FAILED', message: 'The model failed.' },
    ]);
    expect(firstError).toMatchObject({ line: 2, lastLine: 4 });
    expect(output).toBe('answer\n');
  });

  it('counts the lines of the input beside its records', async () => {
    const total = emptyTally();
    addTally(total, (await rendered()).tally);
    expect(total).toMatchObject({ lines: 3, inputLines: 8, continuedLines: 3, blankLines: 1, errors: 2 });
    const summary = summarize({
      ...{ total, resumed: emptyTally(), wallMs: 1, scoringMs: 1 },
      ...{ modelName: 'm', modelVersion: 'v', versionDigest: 'd' },
    });
    expect(summary).toMatchObject({ lines: 3, input_lines: 8, continued_lines: 3 });
    expect(describeSummary(summary)).toContain(
      'input      8 lines, 3 of them inside a record that began earlier\n',
    );
  });
});
