import { join } from 'node:path';
import { short } from '../../base/format.js';
import { StartError } from '../../base/errors/start-error.js';
import { StagedVersion } from '../../registry/staged-version.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { measureBatchVariance, type BatchVarianceFigures } from '../measure/batch-variance.js';
import { VersionRunner, type RunnerOptions } from '../measure/version-runner.js';
import type { ModelProto } from '../onnx/generated/onnx_pb.js';
import { writeModelFile } from '../onnx/model-file.js';
import { batchTexts } from './golden-texts.js';
import type { GraphPrecision } from './graph-precision.js';
import { paddedOnTheLeft, withMaskOfOnes, withMaskAndTypesSwapped } from './padding-variants.js';
import { RIGHT_ORDER } from './swapped-inputs.js';
import { varies, type Trial } from './trial.js';

/** Texts that a suspicion is tried on: a wrong graph changes nearly every answer. */
const TEXTS = 24;

/** Answers of the same graph to the same texts differ by less; scores of another kind by far more. */
const SAME = 1e-6;

const ALONE_IS_RIGHT =
  'If golden texts of Python show that the answers to single texts are right (--parity FILE or --python-parity CHECKPOINT), the version is imported as it is and runs one text at a time.';

/** A version whose answers may change with padding. */
export interface TriedVersion {
  readonly model: ModelProto;
  /** Names of the inputs of the graph. */
  readonly inputs: readonly string[];
  readonly precision: GraphPrecision;
  /** The version as it was tried. */
  readonly candidate: ModelVersion;
  readonly trial: Pick<Trial, 'varies' | 'variance'>;
}

/**
 * Refuses a graph in fp32 that takes a mask and whose answers change with padding all the same. Where Python has shown
 * that the answers to single texts are right, this is not to be called: such a version runs one text at a time.
 * @throws StartError that names the likely cause
 */
export async function refuseUnsteady(tried: TriedVersion, options: RunnerOptions): Promise<void> {
  const { inputs, precision, trial } = tried;
  // Without a mask no padding is wanted: alone, each text is answered as in Python.
  if (!trial.varies || precision.precision !== 'fp32' || !inputs.includes('attention_mask')) return;
  const { label_flips: flips, max_score_change: change } = trial.variance;
  throw new StartError(
    `The answers change with the texts beside them: ${flips} labels flip, and a score changes by up to ${short(change)}; those of an fp32 graph must not. ${await causeOf(tried, options)}`,
  );
}

/**
 * Finds out why answers change, by trying the graph with one thing changed at a time.
 * @returns the sentences that name the likely cause and its remedy
 */
async function causeOf({ model, inputs, candidate }: TriedVersion, options: RunnerOptions): Promise<string> {
  const texts = sample();
  const measure = (what: string, variant: ModelProto): Promise<BatchVarianceFigures | null> => {
    options.say(`a likely cause is tried: ${what}`);
    return variation(variant, candidate, texts, options);
  };
  options.say('its answers change with the texts beside them');
  const isSteady = async (what: string, variant: ModelProto): Promise<boolean> => {
    const figures = await measure(what, variant);
    return figures !== null && !varies(figures);
  };
  if (
    inputs.includes('token_type_ids') &&
    (await isSteady('attention_mask and token_type_ids exchanged', withMaskAndTypesSwapped(model)))
  ) {
    return (
      'attention_mask and token_type_ids have changed places in the export: with the two exchanged no answer changes. ' +
      `Export it again, and ${RIGHT_ORDER}.`
    );
  }
  const before = await measure('the few texts as they are', model);
  const unmasked = await measure('no mask', withMaskOfOnes(model));
  if (before !== null && unmasked !== null && isSame(before, unmasked)) {
    return `The graph ignores attention_mask: without it the answers are the same. Export it again, and give the model attention_mask in the export call. ${ALONE_IS_RIGHT}`;
  }
  if (await isSteady('padding on the left', paddedOnTheLeft(model))) {
    return `Positions are counted from the right: with padding on the left no answer changes. Export it again with tokenizer.padding_side = "right". ${ALONE_IS_RIGHT}`;
  }
  return `The cause was not found: the answers change also with attention_mask and token_type_ids exchanged, and with padding on the left, and attention_mask is not ignored. ${ALONE_IS_RIGHT}`;
}

const isSame = (a: BatchVarianceFigures, b: BatchVarianceFigures): boolean =>
  a.label_flips === b.label_flips && Math.abs(a.max_score_change - b.max_score_change) <= SAME;

/** Short texts, and the longest of the batch texts to pad them to. */
function sample(): string[] {
  const texts = batchTexts();
  return [...texts.slice(0, TEXTS), ...texts.slice(-1)];
}

/** @returns null when the changed graph cannot be run, e.g. since no word of it has a mask: then it explains nothing */
async function variation(
  model: ModelProto,
  candidate: ModelVersion,
  texts: readonly string[],
  options: RunnerOptions,
): Promise<BatchVarianceFigures | null> {
  const { version } = candidate;
  const staged = await StagedVersion.create(join(candidate.folder, 'variants'), version);
  try {
    writeModelFile(staged.path('model.onnx'), model);
    await staged.add('model.onnx');
    await staged.copy(candidate, ['tokenizer.json', 'tokenizer_config.json']);
    const manifest = { ...candidate.manifest, files: staged.files };
    // A signal of its own: a runner listens to it as long as it lives.
    const signal = AbortSignal.any([options.signal]);
    const runner = await VersionRunner.open(
      { ...candidate, folder: staged.folder, manifest },
      { ...options, signal },
    );
    try {
      return await measureBatchVariance(runner, texts);
    } catch (error) {
      if (error instanceof StartError) return null;
      throw error;
    } finally {
      await runner.close();
    }
  } finally {
    await staged.discard();
  }
}
