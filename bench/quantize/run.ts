import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { REPORT_FILE } from '../base/paths.js';
import { say } from '../base/progress.js';
import { readMachine } from '../report/machine.js';
import { quantizersAreRight, quantizeSection, quantizeTargets } from './section.js';
import { withPart } from '../report/report-file.js';
import { compareQuantizers } from './compare-quantizers.js';
import type { QuantizePlan } from './plan.js';

/** What `--quantize` is told. */
export interface QuantizeOptions {
  readonly plan: QuantizePlan;
  /** Labelled sentences. */
  readonly dataFile: string;
  /** Interpreter that makes the environment. */
  readonly python: string;
  /** An environment to use, or to make there; null: one in the work folder, which goes with it. */
  readonly pythonFolder: string | null;
}

export interface QuantizeRunOptions {
  readonly entry: string;
  readonly json: boolean;
  /** Whether docs/benchmarks.md gets the section. */
  readonly write: boolean;
}

/**
 * `npm run bench -- --quantize`: measures, and reports on stdout.
 * @returns false when an answer of the shipped int8 version depends on the texts beside it
 */
export async function runQuantize(
  { plan, dataFile, python, pythonFolder }: QuantizeOptions,
  { entry, json, write }: QuantizeRunOptions,
  workFolder: string,
): Promise<boolean> {
  const machine = readMachine();
  const { onnxruntime } = machine;
  const options = { entry, workFolder, python, pythonFolder, onnxruntime };
  const comparison = await compareQuantizers(plan, dataFile, options);
  const section = quantizeSection(comparison, machine);
  const document = { machine, ...comparison, targets: quantizeTargets(comparison) };
  process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : section);
  if (write) {
    const before = existsSync(REPORT_FILE) ? readFileSync(REPORT_FILE, 'utf8') : '';
    writeFileSync(REPORT_FILE, withPart(before, 'quantize', section));
    say('the section about quantisation in docs/benchmarks.md is written');
  }
  return quantizersAreRight(comparison);
}
