import { Option, type Command } from 'commander';
import { loadConfig } from '../base/config/load-config.js';
import type { BatchFlags } from './batch.js';
import { addSettingFlags, WORKER_SETTINGS } from './setting-flags.js';

const HELP = `
IN and OUT
  By extension: .jsonl, .ndjson or .json (one object per line), .csv or .tsv
  (with a header), each also with .gz; - is stdin or stdout, as JSON lines. In
  TSV a quote is text; --quotes reads and writes it as in CSV. CSV and TSV can
  be written as JSON lines too, JSON lines only as JSON lines.
  Each record keeps its keys, in their order, and gains label, score,
  model_name, model_version and truncated (and scores with --top-k). A key of
  the input with one of these names gives way. Records keep their order.

Lines without an answer
  Not JSON, not UTF-8, no such field, not a string, empty: they go to OUT.errors
  as {"line", "code", "message"}, with "last_line" when a record has several
  lines, and the exit code is 1. Blank lines are skipped. When OUT is -, they go
  to stderr.

Interrupted?
  The same command goes on where it was, after Ctrl-C, kill -9, a crash or a
  full disk: OUT.part holds the output so far and OUT.journal what is done; OUT
  appears when it is whole. The result is byte for byte that of an undisturbed
  run. Ctrl-C once ends what is in flight, which takes a moment; twice stops at
  once. Another input, version, option, runtime or CPU is refused. OUT.journal
  stays: by it a finished OUT is known.

Exit codes
  0   done
  1   done but some lines have no answer (or stopped at one)
  2   wrong usage or unusable input or output
  3   interrupted, the same command resumes
  70  a fault of ours

Examples
  serin batch reviews.jsonl scored.jsonl
  serin batch reviews.csv.gz scored.csv.gz --text-field review --top-k 2
  serin batch reviews.jsonl part2.jsonl --shard 2/4
    (of four machines; cat part1.jsonl … part4.jsonl gives the whole)
  cat reviews.jsonl | serin batch - - > scored.jsonl`;

/** `serin batch`: files through a model. Its code is loaded late, so that the help appears quickly. */
export function addBatchCommand(program: Command): void {
  const command = program
    .command('batch')
    .summary('score a file, resumable at any moment')
    .description('Scores every line of a file with a model, on all cores, and survives being killed.')
    .argument('<IN>', 'the file to read, or -')
    .argument('<OUT>', 'the file to write, or -')
    .option('--model <name>', 'the model (default: DEFAULT_MODEL of the configuration)')
    .option('--version <name>', 'its version (default: the stable one of the configuration)')
    .option('--text-field <name>', 'the key or column that holds the text', 'text')
    .option('--quotes', 'fields of TSV may be in quotes, in IN and OUT (CSV always has quotes)')
    .option('--top-k <n>', 'also write the n best labels with their scores')
    .option('--shard <i/n>', 'only the i-th of n parts, counted from 1; the parts in order are the whole')
    .addOption(
      new Option('--resume', 'go on with an interrupted run; fail if there is none').conflicts('restart'),
    )
    .option('--restart', 'forget what is there and start over; replaces OUT')
    .addOption(
      new Option('--on-error <what>', 'what a line without answer does')
        .choices(['record', 'stop'])
        .default('record'),
    )
    .option('--json', 'print the closing figures on stdout as one JSON document')
    .addHelpText('after', HELP);
  const readFlags = addSettingFlags(command, ['MODEL_REGISTRY', 'SERIN_CONFIG', ...WORKER_SETTINGS]);
  command.action(async (input: string, output: string, flags: BatchFlags) => {
    const { runBatchCommand } = await import('./batch.js');
    await runBatchCommand(loadConfig({ flags: readFlags() }), input, output, flags);
  });
}
