import type { RunOptions } from '../base/run-options.js';
import { readMachine } from '../report/machine.js';
import { tellPart } from '../report/report-file.js';
import { compareQuantizers } from './compare-quantizers.js';
import type { QuantizePlan } from './plan.js';
import { quantizersAreRight, quantizeSection, quantizeTargets } from './section.js';

/** The options of `--quantize`. */
export interface QuantizeOptions {
  readonly plan: QuantizePlan;
  /** Labelled sentences. */
  readonly dataFile: string;
  /** Interpreter that makes the environment. */
  readonly python: string;
  /** An environment to use, or to make there; null: one in the work folder, which goes with it. */
  readonly pythonFolder: string | null;
}

/**
 * `npm run bench -- --quantize`: measures, and reports on stdout.
 * @returns false when an answer of the shipped int8 version depends on the texts beside it
 */
export async function runQuantize(
  { plan, dataFile, python, pythonFolder }: QuantizeOptions,
  options: RunOptions,
): Promise<boolean> {
  const { entry, workFolder } = options;
  const machine = readMachine();
  const { onnxruntime } = machine;
  const making = { entry, workFolder, python, pythonFolder, onnxruntime };
  const comparison = await compareQuantizers(plan, dataFile, making);
  const document = { machine, ...comparison, targets: quantizeTargets(comparison) };
  tellPart('quantize', document, quantizeSection(comparison, machine), options);
  return quantizersAreRight(comparison);
}
