import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { SerinConfig } from '../../base/config/serin-config.js';
import { StartError } from '../../base/errors/start-error.js';
import { runtimeVersions } from '../../base/machine/run-facts.js';
import type { RunnerSettings } from '../measure/version-runner.js';
import { parseManifest } from '../../registry/manifest-schema.js';
import type { Manifest } from '../../registry/manifest.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { writeModelFile } from '../onnx/model-file.js';
import { askPython, type PythonSource } from './ask-python.js';
import { renderCard } from './card.js';
import { examineExport, type ExaminedExport, type ExportChoices } from './examine-export.js';
import { readExportFolder } from './export-folder.js';
import { batchTexts, goldenTexts, plainTexts } from './golden-texts.js';
import { draftManifest, type VersionFacts, finishManifest } from './new-manifest.js';
import { memoryNotes } from './memory-notes.js';
import { refuseUnsteady } from './padding-cause.js';
import type { PythonParity } from './python-parity.js';
import { settleParity } from './settle-parity.js';
import { sweepHalfMade, sweepModelFolder } from '../../registry/half-made.js';
import { StagedVersion } from '../../registry/staged-version.js';
import { tryVersion, type Trial } from './trial.js';
import type { VersionName } from '../../registry/find-version.js';
import { checkUnused } from '../measure/version-in-use.js';

export interface ImportOptions extends Omit<ExportChoices, 'asksPython'> {
  readonly from: string;
  /** Place of the graph in the folder, where it is not a usual one. */
  readonly onnx: string | undefined;
  readonly name: VersionName;
  /** What precision is called, where the graph does not tell it well. */
  readonly precision: string | null;
  /** A version of that name may be replaced, unless something counts on it. */
  readonly replace: boolean;
  /** Python to be asked for golden texts; null: none is asked. */
  readonly python: PythonSource | null;
  /** Everything is checked and measured, and nothing is kept. */
  readonly dryRun: boolean;
  readonly config: Pick<SerinConfig, 'modelRegistry' | 'rollout' | 'stateDir'> & RunnerSettings;
  readonly signal: AbortSignal;
  readonly say: (sentence: string) => void;
}

export interface Imported {
  /** Where it lies; null after a dry run. */
  readonly folder: string | null;
  readonly digest: string;
  readonly manifest: Manifest;
  readonly trial: Trial;
  /** The assumptions made, one sentence each. */
  readonly notes: readonly string[];
}

const sortedByName = (files: Manifest['files']): Manifest['files'] =>
  Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));

const bytesOf = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`;

/**
 * Makes a version of the registry from an export: examines the files, runs them in a worker process, and gives the
 * folder its name when all is well and on the disk.
 * @throws StartError with a sentence when something does not fit; AbortError when the signal fires
 */
export async function importVersion(options: ImportOptions): Promise<Imported> {
  const { config, name, dryRun, say } = options;
  await checkTarget(options);
  const files = readExportFolder(options.from, options.onnx);
  const examined = examineExport(files, { ...options, asksPython: options.python !== null });
  await sweep(config.modelRegistry, say);
  const scratch = dryRun ? mkdtempSync(join(tmpdir(), SCRATCH)) : null;
  const parent = scratch ?? join(config.modelRegistry, name.model);
  const staged = await StagedVersion.create(parent, name.version);
  try {
    if (examined.isRewritten) writeWhole(staged.path('model.onnx'), examined);
    else await copyFile(files.modelPath, staged.path('model.onnx'));
    await staged.add('model.onnx');
    await staged.write('tokenizer.json', files.tokenizerJson);
    await staged.write('tokenizer_config.json', files.tokenizerConfigJson);
    await staged.write('config.json', files.configJson);
    const python = await pythonParity(options, examined, staged);
    const draft = draftManifest(factsOf(options, examined, python), sortedByName(staged.files));
    // Memory is measured here, and compared with the limit afterwards: a process that is replaced after each answer
    // would load a large model a hundred times.
    const settings = { ...config, workers: 1, workerMaxRssBytes: Infinity };
    const running = { settings, signal: options.signal, say };
    const candidate = candidateOf(staged.folder, draft);
    const texts = python?.items ?? goldenTexts();
    say(
      `${name.model}/${name.version} is loaded in a worker process and answers ${texts.length} texts, alone and in batches`,
    );
    const trial = await tryVersion(
      candidate,
      { answer: texts.map(({ text }) => text), batch: batchTexts(), time: plainTexts() },
      {
        ...running,
        unusedPositions: examined.config.unusedPositions,
        settle: (answered) => settleParity(python, texts, answered, draft.labels),
      },
    );
    if (python === null) await refuseUnsteady({ ...examined, candidate, trial }, running);
    const { parity } = trial;
    await staged.write('parity.json', parity.json);
    const unfinished = finishManifest(draft, trial);
    await staged.write('CARD.md', renderCard(unfinished, parity.sentence, examined.notes));
    const manifest = { ...unfinished, files: sortedByName(staged.files) };
    const json = bytesOf(manifest);
    parseManifest(json);
    await staged.write('manifest.json', json);
    options.signal.throwIfAborted();
    const folder = dryRun ? null : await staged.publish(options.replace);
    const digest = createHash('sha256').update(json).digest('hex');
    const notes = [
      ...(python === null ? [NOT_COMPARED] : []),
      ...examined.notes,
      ...memoryNotes(candidate, trial.workerRssBytes, config.workerMaxRssBytes),
    ];
    return { folder, digest, manifest, trial, notes };
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new StartError(`${name.model}/${name.version} cannot be written: ${message}.`, { cause: error });
  } finally {
    await staged.discard();
    if (scratch !== null) rmSync(scratch, { recursive: true, force: true });
  }
}

const NOT_COMPARED =
  'nothing was compared with Python: the answers may be wrong, and nothing here would show it; give --python-parity CHECKPOINT, or --parity FILE';

/** Golden texts of Python, from a file or from Python itself; null where neither was wanted. */
async function pythonParity(
  { python, name, signal, say }: ImportOptions,
  { python: fromFile, maxTokens, task, labels }: ExaminedExport,
  staged: StagedVersion,
): Promise<PythonParity | null> {
  if (python === null) return fromFile;
  if (fromFile !== null) {
    throw new StartError(
      `--parity and --python-parity both say what Python answers for ${name.model}/${name.version}: give one of them.`,
    );
  }
  const folder = staged.path('python');
  return askPython({ ...python, maxTokens, task, labels: labels.length, folder, signal, say });
}

/** Begin of the name of the folder of a dry run. */
const SCRATCH = 'serin-dry-run-';

/** Removes what imports left that were killed. */
async function sweep(registry: string, say: (sentence: string) => void): Promise<void> {
  await sweepHalfMade(registry, say);
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(SCRATCH))) {
    await sweepModelFolder(join(tmpdir(), name), say);
  }
}

async function checkTarget({ config, name, replace }: ImportOptions): Promise<void> {
  const target = join(config.modelRegistry, name.model, name.version);
  if (!existsSync(target)) return;
  if (!replace) {
    throw new StartError(`${target} exists: choose another version name, or replace it with --force.`);
  }
  await checkUnused(config, name, 'replaced');
}

/** A version is one file that is read, checked and run from memory: weights beside the graph move into it. */
function writeWhole(path: string, { model, modelPath }: ExaminedExport): void {
  if (writeModelFile(path, model).length === 1) return;
  throw new StartError(
    `${modelPath} and its weights are larger than 2 GiB, the most that one version may have.`,
  );
}

function factsOf(
  { from, name, precision }: ImportOptions,
  examined: ExaminedExport,
  python: PythonParity | null,
): VersionFacts {
  const { config, maxTokens, task, labels, tokenizer } = examined;
  return {
    ...name,
    task,
    labels,
    maxTokens,
    truncationSide: tokenizer.truncationSide,
    precision: precision === null ? examined.precision : { precision, weightStorage: null },
    source: {
      command: `serin models import ${basename(from)} --as ${name.model}/${name.version}`,
      ...(config.baseModel !== null && { base_model: config.baseModel }),
      ...(config.architecture !== null && { architecture: config.architecture }),
      ...(config.transformersVersion !== null && { transformers: config.transformersVersion }),
      ...(examined.producer !== '' && { exporter: examined.producer }),
      opset: examined.opset,
      serin: runtimeVersions().serin,
      parity: python === null ? 'computed by this version at import' : python.reference,
    },
  };
}

function candidateOf(folder: string, manifest: Manifest): ModelVersion {
  const { model, version } = manifest;
  const digest = createHash('sha256').update(bytesOf(manifest)).digest('hex');
  return { model, version, folder, digest, key: `${model}/${version}@${digest.slice(0, 12)}`, manifest };
}
