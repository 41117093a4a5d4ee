import { count, table } from './format.js';
import type { Machine } from './machine.js';

/** Something that a measured figure is held to. */
export interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly reached: boolean;
}

/** The target that no request fails. */
export const noneFailed = (what: string, failed: number): Target => ({
  what,
  wanted: '0',
  measured: count(failed),
  reached: failed === 0,
});

export function targetTable(targets: readonly Target[]): string {
  return table(
    ['target', 'wanted', 'measured', 'reached'],
    targets.map(({ what, wanted, measured, reached }) => [
      what,
      wanted,
      measured,
      reached ? 'yes' : '**no**',
    ]),
  );
}

/** Where a run was made, as one line. */
export const machineFacts = (machine: Machine): string =>
  [
    `${machine.cpu}, ${machine.cores} cores (${machine.cpuFeatures.join(', ')})`,
    `${count(machine.memoryBytes / 1e9)} GB of memory`,
    `Linux ${machine.kernel}`,
    `Node.js ${machine.node}`,
    `ONNX Runtime ${machine.onnxruntime}`,
    machine.date,
    `load average before the run ${machine.loadBefore.toFixed(2)}`,
  ].join('; ') + '.';

/** Paragraphs, headings and tables as one document. */
export const joined = (parts: readonly string[]): string => parts.join('\n\n').concat('\n');

/**
 * A section of docs/benchmarks.md.
 * @param option of the command that writes it
 * @param parts what follows the targets
 */
export function sectionOf(
  title: string,
  option: string,
  machine: Machine,
  targets: readonly Target[],
  parts: readonly string[],
): string {
  const head = [`## ${title}`, `Written by \`npm run bench -- ${option}\`.`, machineFacts(machine)];
  return joined([...head, targetTable(targets), ...parts]);
}
