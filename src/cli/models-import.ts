import { megabytes } from '../base/format.js';
import type { SerinConfig } from '../base/config/serin-config.js';
import { factLines } from '../base/terminal/fit-table.js';
import { indentedScreen, screenOf, type Screen } from '../base/terminal/screen.js';
import { wrapLine } from '../base/terminal/wrap.js';
import { importVersion, type Imported } from '../tools/import/import-version.js';
import type { OutputKind } from '../tools/import/output-kind.js';
import { nextSteps } from '../tools/import/next-steps.js';
import { parseVersionName } from '../registry/find-version.js';
import type { TaskName } from '../registry/tasks.js';
import { hasDevSentences } from '../tools/traffic/sentences.js';
import { interruptionSignal } from './service-flags.js';
import { jsonDocument, startingOverWhenInterrupted, say } from './output.js';

export interface ImportFlags {
  readonly as: string;
  readonly onnx?: string;
  readonly labels?: readonly string[];
  readonly task?: TaskName;
  readonly maxTokens?: number;
  readonly precision?: string;
  readonly output: OutputKind;
  readonly parity?: string;
  readonly pythonParity?: string;
  readonly python: string;
  readonly force?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

/** `serin models import`, its report on stdout. @throws StartError with a sentence when something does not fit */
export async function importModel(config: SerinConfig, from: string, flags: ImportFlags): Promise<void> {
  const signal = interruptionSignal();
  await startingOverWhenInterrupted(signal, async () => {
    const imported = await importVersion({
      from,
      onnx: flags.onnx,
      name: parseVersionName(flags.as),
      labels: flags.labels ?? null,
      task: flags.task ?? null,
      maxTokens: flags.maxTokens ?? null,
      precision: flags.precision ?? null,
      output: flags.output,
      parityFile: flags.parity ?? null,
      python:
        flags.pythonParity === undefined ? null : { checkpoint: flags.pythonParity, python: flags.python },
      replace: flags.force ?? false,
      dryRun: flags.dryRun ?? false,
      config,
      signal,
      say,
    });
    if (flags.json) process.stdout.write(jsonDocument(reportOf(imported)));
    else process.stdout.write(render(imported, screenOf(process.stdout)));
  });
}

function reportOf({ folder, digest, manifest, trial, notes }: Imported) {
  return {
    folder,
    digest,
    parity_from: trial.parity.source,
    varies_with_batch: trial.varies,
    load_ms: Math.round(trial.loadMs),
    worker_rss_bytes: trial.workerRssBytes,
    notes,
    manifest,
  };
}

function render({ folder, manifest, trial, notes }: Imported, screen: Screen): string {
  const name = `${manifest.model}/${manifest.version}`;
  const size = Object.values(manifest.files).reduce((sum, { bytes }) => sum + bytes, 0);
  const { variance, varies, parity } = trial;
  const storage = manifest.weight_storage === undefined ? '' : `, stored as ${manifest.weight_storage}`;
  // tune takes the version's dev sentences by itself, and an import rarely has any.
  const tune = hasDevSentences(parity.json)
    ? 'serin tune'
    : `serin tune ${manifest.model} --version ${manifest.version} --traffic FILE`;
  const rows: [string, string][] = [
    ['task', manifest.task],
    ['labels', manifest.labels.join(', ')],
    ['max tokens', `${manifest.max_tokens}, cut on the ${manifest.truncation_side}`],
    ['precision', `${manifest.precision}${storage}`],
    ['size', `${megabytes(size)}; a worker process with it takes ${megabytes(trial.workerRssBytes)}`],
    [
      'parity',
      parity.source === 'python'
        ? `${parity.texts} texts have the ids and scores of Python`
        : `${parity.texts} texts kept as this version answers them; nothing was compared with Python`,
    ],
    [
      'batches',
      `${variance.label_flips} labels and at most ${variance.max_score_change.toPrecision(2)} of a score change with the texts beside it` +
        (varies ? ': it runs one text at a time' : ''),
    ],
    [
      'token budget',
      varies ? 'one text' : `${manifest.batching.max_padded_tokens} (${tune} measures it well)`,
    ],
  ];
  const inner = indentedScreen(screen, 2);
  const lines = factLines(rows, inner).map((line) => `  ${line}`);
  const heading =
    folder === null ? `${name} can be imported; nothing was kept` : `${name} is imported: ${folder}`;
  return [
    ...wrapLine(heading, screen.columns, 4),
    ...lines,
    ...(notes.length > 0 ? ['Warnings'] : []),
    ...notes.flatMap((note) => wrapLine(`  - ${note}`, screen.columns, 2)),
    ...(folder === null ? [] : ['Next', ...nextSteps(manifest, inner).map((command) => `  ${command}`)]),
    '',
  ].join('\n');
}
