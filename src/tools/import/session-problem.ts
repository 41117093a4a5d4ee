import { exportCommand } from './find-model.js';

/** What ONNX Runtime says, and what a person can do about it. */
const KNOWN: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[] = [
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
    /indices element out of data bounds|idx=\d+ must be within the inclusive range|out of bounds/,
    ([what]) =>
      `The model cannot run its longest texts (${what}): it knows fewer positions or tokens; set a lower --max-tokens.`,
  ],
  [
    /worker processes died|No worker process starts/,
    () =>
      'The model takes its process down while it is loaded or run: look at the memory of this machine and at the log of its kernel.',
  ],
];

/** The sentence about a version that could not be loaded: a known problem with its remedy, else what was said. */
export function sessionProblem(message: string): string {
  for (const [pattern, describe] of KNOWN) {
    const match = pattern.exec(message);
    if (match !== null) return `${describe(match)} (${message.split('\n')[0] ?? ''})`;
  }
  return message;
}
