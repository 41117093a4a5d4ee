import { describe, expect, it } from 'vitest';
import { sessionProblem } from '../../../../src/tools/import/session-problem.js';

const say = (message: string, unusedPositions = 0): string =>
  sessionProblem(message, { maxTokens: 512, unusedPositions });

describe('a session that fails', () => {
  it('for a reason that is not known is told of as it came', () => {
    expect(say('The version cannot be loaded: it rains')).toBe('The version cannot be loaded: it rains');
  });

  it('because positions are missing is told how many there are, and what to type', () => {
    expect(
      say(
        "The version cannot be loaded: Non-zero status code returned while running Add node. Name:'/bert/embeddings/Add_1' Status Message: element_wise_ops.h:583 Attempting to broadcast an axis by a dimension other than 1. 64 by 512\n",
      ),
    ).toMatch(/^The model has positions for 64 tokens only, .*: type --max-tokens 64\. \(The version cannot/);
    const gather = (last: number): string =>
      `The model has no answer to a text of 512 tokens: Non-zero status code returned while running Gather node. Name:'/roberta/embeddings/position_embeddings/Gather' Status Message: indices element out of data bounds, idx=${last + 1} must be within the inclusive range [-${last + 1},${last}]`;
    expect(say(gather(65))).toMatch(/type --max-tokens 66\. /);
    // RoBERTa begins behind its padding id.
    expect(say(gather(65), 2)).toMatch(/type --max-tokens 64\. /);
    expect(
      say('indices element out of data bounds, idx=9 must be within the inclusive range [-9,8]'),
    ).toMatch(/^The model cannot run its longest texts, .*: type a lower --max-tokens than 512\./);
  });

  it('because a process ended tells whether we, the kernel or the model ended it', () => {
    const died = (how: string): string => say(`2 worker processes died while loading it (${how})`);
    expect(died('the load of tiny/v1 made no progress for 60000 ms of its own time')).toMatch(
      /^The process was ended from here, because one step .* took longer than 60 s of its own time: type a lower --max-tokens/,
    );
    expect(
      died('signal SIGKILL, which was not sent from here: the kernel sends it when memory runs out'),
    ).toMatch(
      /^The kernel ended the process of the model, as it does when memory runs out: \S+ MB are available now\./,
    );
    expect(died('signal SIGSEGV')).toMatch(/^The model takes its process down .*\(signal SIGSEGV\)\)$/);
  });
});
