import { InvalidArgumentError, Option, type Command } from 'commander';
import { loadConfig } from '../base/config/load-config.js';
import type { QuantizeFlags } from './quantize.js';
import { numberBetween, wholeNumber } from './service-flags.js';
import { addSettingFlags, NEW_VERSION_SETTINGS } from './setting-flags.js';

const HELP = `
Static (the default): each activation has one range, measured on calibration
texts; an answer does not depend on the texts beside it in a batch. Calibrate
with some hundred texts like your traffic, none of them of an evaluation set.
Dynamic: each run finds its ranges; it needs no texts, and its versions run one
text at a time.

The new version gets no traffic until "serin evaluate --record" has accepted it.

Exit codes
  0   done
  2   wrong usage or unusable input
  3   interrupted (nothing is kept)
  70  a fault of ours

Examples
  serin quantize sentiment/v1 --to v2
  serin quantize sentiment/v1 --to v3 --calibration texts.jsonl \\
    --leave-out 'layers.5.*'
  serin quantize sentiment/v1 --to v4 --search --data labelled.jsonl \\
    --max-accuracy-drop 0.2`;

function weightBits(value: string): 7 | 8 {
  if (value === '7') return 7;
  if (value === '8') return 8;
  throw new InvalidArgumentError('It must be 7 or 8.');
}

/**
 * `serin quantize`: an int8 version of a float one. Its code is loaded late, so that the help appears
 * quickly.
 */
export function addQuantizeCommand(program: Command): void {
  const command = program
    .command('quantize')
    .summary('make an int8 version of a float one')
    .description('Makes an int8 version of a float one and writes it into the registry, whole or not at all.')
    .argument('<version>', 'model/version, in fp32 or stored as fp16')
    .requiredOption('--to <name>', 'name of the new version')
    .addOption(
      new Option('--method <method>', 'how activations are quantised')
        .choices(['static', 'dynamic'])
        .default('static'),
    )
    .option(
      '--calibration <file>',
      "JSONL file with a text per line (default: the version's calibration.jsonl)",
    )
    .option(
      '--calibration-texts <n>',
      'how many of them at most, evenly over the file',
      wholeNumber(1, 100_000),
      512,
    )
    .option('--weight-bits <7|8>', 'with 7, products cannot saturate on CPUs without VNNI', weightBits, 7)
    .option(
      '--leave-out <name>',
      'a layer that stays float; * and ? stand for any characters; may be given several times',
      (name: string, before: readonly string[]) => [...before, name],
      [],
    )
    .option(
      '--search',
      'leave out the fewest layers that keep the loss of accuracy within --max-accuracy-drop',
    )
    .option(
      '--data <file>',
      'labelled texts for --search, as serin evaluate takes them; keep others for evaluate',
    )
    .option(
      '--max-accuracy-drop <points>',
      'for --search; a negative number demands a gain',
      numberBetween(-100, 100),
      0.5,
    )
    .option('--text-field <name>', 'the key or column of the text in --data', 'text')
    .option('--quotes', 'fields of TSV may be in quotes (CSV always has quotes)')
    .option('--label-field <name>', 'the key or column of the label in --data', 'label')
    .option('--force', 'replace a version of that name, unless the configuration or a rollout names it')
    .option('--json', 'the report as one JSON document')
    .addHelpText('after', HELP);
  const settings = addSettingFlags(command, NEW_VERSION_SETTINGS);
  command.action(async (source: string, flags: QuantizeFlags) => {
    const { runQuantize } = await import('./quantize.js');
    await runQuantize(loadConfig({ flags: settings() }), source, flags);
  });
}
