import type { Command } from 'commander';
import { loadConfig } from '../base/config/load-config.js';
import { numberBetween, wholeNumber } from './service-flags.js';
import { addSettingFlags, WORKER_SETTINGS } from './setting-flags.js';
import type { EvaluateFlags } from './evaluate.js';

const HELP = `
FILE
  By extension: .jsonl, .ndjson or .json (one object per line), .csv or .tsv
  (with a header), each also with .gz; - is stdin, as JSON lines. A label is the
  model's name of it, or its index. Every line must be usable.

The decision
  Accepted when accuracy drops by at most --max-accuracy-drop points (a negative
  limit demands a gain), no label flips with the texts beside it in a batch (or
  the manifest makes the version run alone), and the golden texts come out right
  on this machine. The estimate decides; with --confident the end of its 95 %
  interval must be within the limit.
  Without --against there is no drop: --min-accuracy sets what is demanded, as
  of the first version of a model.
  --record writes acceptance.json beside the manifest, and needs one of the two:
  nothing is accepted whose accuracy was held to nothing. A rollout takes
  accepted versions only: those whose record is about their very manifest and
  says so, or those without a record whose manifest has an accuracy.

Exit codes
  0   accepted
  1   refused
  2   wrong usage or unusable input
  3   interrupted (nothing is kept)
  70  a fault of ours

Examples
  serin evaluate sentiment/v2 --against v1 --data dev.jsonl --record
  serin evaluate tone/v1 --min-accuracy 0.85 --data dev.jsonl --record
  serin evaluate sentiment/v2 --against v1 --data dev.tsv \\
    --text-field sentence --svg-dir charts > report.md`;

/**
 * `serin evaluate`: whether a version may go live. Its code is loaded late, so that the help appears quickly.
 */
export function addEvaluateCommand(program: Command): void {
  const command = program
    .command('evaluate')
    .summary('measure a version on labelled texts, and accept or refuse it')
    .description('Measures a version on labelled texts beside another one, and accepts or refuses it.')
    .argument('<version>', 'model/version')
    .requiredOption('--data <file>', 'labelled texts')
    .option('--against <version>', 'the version that it is to replace')
    .option('--text-field <name>', 'the key or column that holds the text', 'text')
    .option('--quotes', 'fields of TSV may be in quotes (CSV always has quotes)')
    .option('--label-field <name>', 'the key or column that holds the label', 'label')
    .option(
      '--max-accuracy-drop <points>',
      'most points of accuracy that may be lost',
      numberBetween(-100, 100),
      0.5,
    )
    .option('--min-accuracy <share>', 'least accuracy, 0 to 1', numberBetween(0, 1))
    .option('--confident', 'the ends of the 95 % intervals decide, not the estimates')
    .option(
      '--limit <n>',
      'at most n of the texts, evenly spread over the file',
      wholeNumber(2, 1_000_000_000),
    )
    .option(
      '--record',
      'write the verdict beside the manifest, for rollouts; with --against or --min-accuracy',
    )
    .option('--show-text', 'show the texts that the two disagree about, not only their lines')
    .option('--svg-dir <folder>', 'write reliability.svg and latency.svg there')
    .option('--json', 'as one JSON document; otherwise text on a terminal, Markdown in a pipe or file')
    .addHelpText('after', HELP);
  const settings = addSettingFlags(command, ['MODEL_REGISTRY', ...WORKER_SETTINGS, 'SERIN_CONFIG']);
  command.action(async (version: string, flags: EvaluateFlags) => {
    const { runEvaluate } = await import('./evaluate.js');
    await runEvaluate(loadConfig({ flags: settings() }), version, flags);
  });
}
