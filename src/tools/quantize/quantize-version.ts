import { StartError } from '../../base/errors/start-error.js';
import { evenSample } from '../../base/statistics/even-sample.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { readVerified } from '../../registry/registry-files.js';
import { parseParity, type ParityFile } from '../../engine/tokenization/parity.js';
import { CALIBRATION_FILE, readCalibrationTexts } from './calibration/calibration-texts.js';
import { makeQuantizedModel } from './make-quantized-model.js';
import { measureAndPublish } from './measure-and-publish.js';
import type { QuantizeReport } from './quantize-report.js';
import type { QuantizeVersionOptions } from './quantize-run.js';
import { chooseSource } from './source-version.js';
import { StageProgress } from './stage-progress.js';
import { sweepHalfMade } from '../../registry/half-made.js';
import { StagedVersion } from '../../registry/staged-version.js';

/** Texts on which versions without calibration texts are compared. */
const COMPARED_TEXTS = 256;

/**
 * Makes an int8 version of a float one and writes it into the registry, whole or not at all.
 * @throws StartError or OnnxError with a sentence when something cannot be used; AbortError when the signal fires
 */
export async function quantizeVersion(options: QuantizeVersionOptions): Promise<QuantizeReport> {
  const startedAt = performance.now();
  const { source, modelFolder } = await chooseSource(
    options.config,
    options.source,
    options.target,
    options.force,
  );
  const parity = await readParity(source);
  const golden = parity?.items.map(({ text }) => text) ?? [];
  const texts = await readCalibrationTexts(source, options.calibrationFile, options.calibrationTexts, golden);
  if (texts === null && options.method === 'static') {
    throw new StartError(
      `${options.source} has no ${CALIBRATION_FILE}: name a file with --calibration, one {"text": "..."} per line, some hundred texts like your traffic; or use --method dynamic, which needs none and runs one text at a time.`,
    );
  }
  await sweepHalfMade(options.config.modelRegistry, options.say);
  const staged = await StagedVersion.create(modelFolder, options.target);
  try {
    const compared = [...new Set(texts?.texts ?? evenSample(golden, COMPARED_TEXTS))];
    const progress = new StageProgress(options.say);
    const run = { options, source, staged, parity, texts, compared, progress, startedAt };
    return await measureAndPublish(run, await makeQuantizedModel(run));
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    const name = `${source.model}/${options.target}`;
    throw new StartError(`${name} cannot be written: ${message}.`, { cause: error });
  } finally {
    await staged.discard();
  }
}

async function readParity(source: ModelVersion): Promise<ParityFile | null> {
  if (!Object.hasOwn(source.manifest.files, 'parity.json')) return null;
  try {
    return parseParity(await readVerified(source, 'parity.json'));
  } catch (error) {
    const reason = (error as Error).message;
    throw new StartError(`${source.model}/${source.version} cannot be used: ${reason}.`, { cause: error });
  }
}
