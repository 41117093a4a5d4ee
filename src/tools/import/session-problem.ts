import { megabytes } from '../../base/format.js';
import { availableBytes } from '../../engine/pool/memory-check.js';
import { exportCommand } from './find-model.js';

/** The facts about a version that explain why a session fails. */
export interface SessionFacts {
  readonly maxTokens: number;
  /** Rows of the table of positions that no token uses, because positions begin behind the padding id; often 0. */
  readonly unusedPositions: number;
}

const shorter = (most: number, { maxTokens }: SessionFacts): string =>
  most > 0 && most < maxTokens
    ? `The model has positions for ${most} tokens only, which config.json does not say (max_position_embeddings): type --max-tokens ${most}.`
    : 'The model cannot run its longest texts, as it knows fewer positions or tokens: type a lower --max-tokens than ' +
      `${maxTokens}.`;

/** Messages of ONNX Runtime and of the worker pool, each with its remedy. */
const KNOWN: readonly (readonly [RegExp, (match: RegExpExecArray, facts: SessionFacts) => string])[] = [
  [
    /Opset (\d+) is under development.*?till opset (\d+)/s,
    ([, used, known]) =>
      `model.onnx uses opset ${used ?? '?'}, and this ONNX Runtime knows them up to ${known ?? '?'}: export it with --opset 17.`,
  ],
  [
    /In Node, \("[^"]*", (\w+), .*No opset import|(\S+?)\(-?\d+\) is not a registered function\/op|No Op registered for (\S+)|Could not find an implementation for (\S+?)[\s(]/,
    (match) =>
      `model.onnx uses the operator ${match.slice(1).find(Boolean) ?? '?'}, which ONNX Runtime does not have on CPUs: ` +
      `export the model without operators of its own, "${exportCommand()}".`,
  ],
  [
    // Positions that are a slice of a constant are added to more words than there are positions.
    /broadcast an axis by a dimension other than 1\. (\d+) by (\d+)/,
    ([, one, other], facts) => shorter(Math.min(Number(one), Number(other)), facts),
  ],
  [
    // Positions that are looked up: the message names the range of the table.
    /position\S*'.*?must be within the inclusive range \[-?\d+,(\d+)\]/s,
    ([, last], facts) => shorter(Number(last) + 1 - facts.unusedPositions, facts),
  ],
  [
    /indices element out of data bounds|idx=\d+ must be within the inclusive range|out of bounds/,
    (_, facts) => shorter(0, facts),
  ],
  [
    /made no progress for (\d+) ms/,
    ([, ms]) =>
      `The process was ended from here, because one step of the load (reading the files, opening the session, or one run of the warm-up) took longer than ${Number(ms) / 1000} s of its own time: ` +
      'type a lower --max-tokens, or import on a faster machine.',
  ],
  [
    /signal SIGKILL, which was not sent from here/,
    () =>
      `The kernel ended the process of the model, as it does when memory runs out: ${megabytes(availableBytes())} are available now. ` +
      'Give this machine or container more memory, or type a lower --max-tokens.',
  ],
  [
    /worker processes died|No worker process starts/,
    () => 'The model takes its process down while it is loaded or run: look at the log of the kernel.',
  ],
];

/** The sentence about a version that could not be loaded: a known problem with its remedy, else what was said. */
export function sessionProblem(message: string, facts: SessionFacts): string {
  for (const [pattern, describe] of KNOWN) {
    const match = pattern.exec(message);
    if (match !== null) return `${describe(match, facts)} (${message.split('\n')[0] ?? ''})`;
  }
  return message;
}
