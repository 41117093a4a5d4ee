import { isTaskName, TASK_NAMES } from '../registry/tasks.js';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { loadConfig } from '../base/config/load-config.js';
import type { ImportFlags } from './models-import.js';
import type { ModelsOptions } from './models.js';
import { wholeNumber } from './service-flags.js';
import { OUTPUT_KINDS } from '../tools/import/output-kind.js';
import { addSettingFlags, NEW_VERSION_SETTINGS } from './setting-flags.js';

const IMPORT_HELP = `
FOLDER
  What transformers or Optimum wrote: model.onnx (or onnx/model.onnx) with its
  weights, tokenizer.json, tokenizer_config.json and config.json. Nothing in it
  is changed.

The version
  is checked, loaded in a worker process of its own and run; then its folder
  appears as a whole. A rollout takes it only after serin evaluate --record
  (--against another version, or --min-accuracy); one with several labels per
  text, which evaluate does not know, only with serin canary set --force. A
  running service loads it when it is told to.

Exit codes
  0   imported
  2   wrong usage or something does not fit
  3   interrupted (nothing is kept)
  70  a fault of ours

Examples
  serin models import export --as sentiment/v3
  serin models import export --as sentiment/v3 \\
    --python-parity CHECKPOINT --python .venv/bin/python
  serin models import export --as tone/v1 --labels angry,calm \\
    --parity parity.json`;

/**
 * `serin models`: what lies in the registry, whether it is what its manifests say, and what comes into it or leaves
 * it. The reader of manifests is loaded late: the other commands start in half the time without it.
 */
export function addModelsCommand(program: Command): void {
  const models = program.command('models').description('look into the registry, and change it');
  addList(models);
  addVerify(models);
  addShow(models);
  addImport(models);
  addRemove(models);
  addGoldenTexts(models);
}

function addList(models: Command): void {
  const list = models
    .command('list')
    .description('list every model and version')
    .option('--json', 'as one JSON document');
  const settings = addSettingFlags(list, ['MODEL_REGISTRY', 'SERIN_CONFIG']);
  list.action(async (options: ModelsOptions) => {
    const { listModels } = await import('./models.js');
    listModels(loadConfig({ flags: settings() }), options);
  });
}

function addVerify(models: Command): void {
  const verify = models
    .command('verify')
    .description('compare every file with its digest; exit code 1 when one differs')
    .argument('[names...]', 'model or model/version; all when left out')
    .option('--json', 'as one JSON document');
  const settings = addSettingFlags(verify, ['MODEL_REGISTRY', 'SERIN_CONFIG']);
  verify.action(async (names: string[], options: ModelsOptions) => {
    const { verifyModels } = await import('./models.js');
    await verifyModels(loadConfig({ flags: settings() }), names, options);
  });
}

function addShow(models: Command): void {
  const show = models
    .command('show')
    .description('tell all that the registry knows about a version')
    .argument('<version>', 'model/version')
    .option('--json', 'as one JSON document');
  const settings = addSettingFlags(show, ['MODEL_REGISTRY', 'SERIN_CONFIG']);
  show.action(async (version: string, options: ModelsOptions) => {
    const { showModel } = await import('./models.js');
    showModel(loadConfig({ flags: settings() }), version, options);
  });
}

function addImport(models: Command): void {
  const command = models
    .command('import')
    .summary('make a version of what transformers or Optimum exported')
    .description('Makes a version of the registry from an ONNX export, or says why it cannot.')
    .argument('<folder>', 'the export')
    .requiredOption('--as <model/version>', 'what it becomes')
    .option('--onnx <file>', 'the graph, where the folder has several')
    .option(
      '--labels <names>',
      'names of the labels in the order of the logits, with commas between',
      labelNames,
    )
    .option('--task <task>', `${TASK_NAMES.join(', ')} (default: by problem_type of config.json)`, oneOfTasks)
    .option(
      '--max-tokens <n>',
      'tokens after which a text is cut (default: what model and tokenizer allow, at most 512)',
      wholeNumber(3, 100_000),
    )
    .option('--precision <name>', 'what its arithmetic is called (default: read from the graph)')
    .addOption(
      new Option(
        '--output <kind>',
        'what the graph answers; a Softmax or Sigmoid at the end of one that answers scores is taken off',
      )
        .choices(OUTPUT_KINDS)
        .default('logits'),
    )
    .option('--parity <file>', 'golden texts with the ids and scores that Python computed; they must agree')
    .option(
      '--python-parity <checkpoint>',
      'let Python compute them now, from the folder or name of the model that was exported',
    )
    .option('--python <program>', 'for --python-parity: a Python that has torch and transformers', 'python3')
    .option('--force', 'replace a version of that name, unless the configuration or a rollout names it')
    .option('--dry-run', 'check and measure everything, and keep nothing')
    .option('--json', 'as one JSON document')
    .addHelpText('after', IMPORT_HELP);
  const settings = addSettingFlags(command, NEW_VERSION_SETTINGS);
  command.action(async (folder: string, flags: ImportFlags) => {
    const config = loadConfig({ flags: settings() });
    const { importModel } = await import('./models-import.js');
    await importModel(config, folder, flags);
  });
}

function addRemove(models: Command): void {
  const remove = models
    .command('remove')
    .description('delete a version that neither the configuration nor the state of a rollout names')
    .argument('<version>', 'model/version')
    .option('--yes', 'yes, for good');
  const settings = addSettingFlags(remove, ['MODEL_REGISTRY', 'STATE_DIR', 'SERIN_CONFIG']);
  remove.action(async (version: string, options: { readonly yes?: true }) => {
    const { removeModel } = await import('./models.js');
    await removeModel(loadConfig({ flags: settings() }), version, options);
  });
}

function addGoldenTexts(models: Command): void {
  models
    .command('golden-texts')
    .description(
      'write the texts that an import is tried with, as JSON lines, for the script that makes --parity',
    )
    .action(async () => {
      const { goldenTexts } = await import('../tools/import/golden-texts.js');
      process.stdout.write(
        goldenTexts()
          .map((golden) => `${JSON.stringify(golden)}\n`)
          .join(''),
      );
    });
}

function labelNames(value: string): string[] {
  const names = value.split(',').map((name) => name.trim());
  if (names.length > 1 && names.every((name) => name !== '')) return names;
  throw new InvalidArgumentError(
    'It must be two names or more with commas between, such as NEGATIVE,POSITIVE.',
  );
}

function oneOfTasks(value: string): string {
  if (isTaskName(value)) return value;
  throw new InvalidArgumentError(`It must be one of ${TASK_NAMES.join(', ')}.`);
}
