import { Option, type Command } from 'commander';
import { StartError } from '../base/errors/start-error.js';
import { checkedEncoding } from '../tools/records/encoding.js';
import { RECORD_FORMATS, type ReadOptions, type RecordFormat } from '../tools/records/file-format.js';

/** How a file is written, where its name does not say it. */
export interface InputFlags {
  readonly format?: RecordFormat;
  readonly delimiter?: string;
  readonly encoding?: string;
  readonly quotes?: true;
}

/** Adds the flags that say how an input is written. @param quotes the help for --quotes */
export const addInputFlags = (command: Command, quotes: string): Command =>
  command
    .addOption(
      new Option('--format <what>', 'what the input is, when its name does not say it').choices(
        RECORD_FORMATS,
      ),
    )
    .option('--delimiter <character>', "what separates the fields of CSV, such as ';' (default: a comma)")
    .option('--encoding <name>', 'such as windows-1252 or utf-16 (default: utf-8)')
    .option('--quotes', quotes);

function delimiterOf(delimiter: string): string {
  const character = delimiter === '\\t' || delimiter === 'tab' ? '\t' : delimiter;
  if (/^[\t\x20-\x7e]$/.test(character) && character !== '"') return character;
  throw new StartError(
    `--delimiter is ${JSON.stringify(delimiter)}: allowed is one ASCII character other than a quote; tab stands for a tabulator.`,
  );
}

/** @throws StartError when a flag has a value that is not allowed */
export const readOptionsOf = ({ format, delimiter, encoding, quotes }: InputFlags): ReadOptions => ({
  records: format ?? null,
  delimiter: delimiter === undefined ? null : delimiterOf(delimiter),
  encoding: encoding === undefined ? null : checkedEncoding(encoding),
  quotes: quotes ?? false,
});
