import {
  BLOCK_BYTES,
  splitBlocks,
  type Block,
  type Position,
  LineEnds,
  type RecordEnds,
} from '../records/blocks.js';
import type { InputSource } from '../records/input-source.js';
import type { JobOptions } from './job-options.js';
import { blocksOf, EVERY_BLOCK, type BlockRange } from './shard.js';
import { answerFields, quoteField } from './answer-line.js';
import { CsvEnds } from '../records/csv-ends.js';
import { csvReader, readCsvHeader, type CsvPrefix } from '../records/csv-records.js';
import { DELIMITER, type RecordFormat } from '../records/file-format.js';
import { jsonLinesReader } from '../records/json-lines.js';
import type { BlockReader } from '../records/records.js';

/** The blocks that a run has to do, and how to read them. */
export interface InputBlocks {
  readonly formats: JobFormats;
  readonly range: BlockRange;
  readonly blocks: AsyncIterable<Block>;
}

/**
 * Reads an input from where an earlier run ended. What can be read from the middle is; of everything else, and
 * before a shard, the blocks are read and dropped, since lines must be counted and quotes followed.
 * @param resumeAt where the last finished block ended
 */
export async function openBlocks(
  source: InputSource,
  options: JobOptions,
  resumeAt: Position | undefined,
): Promise<InputBlocks> {
  const range =
    options.shard === null
      ? EVERY_BLOCK
      : blocksOf(options.shard, await source.uncompressedBytes(), BLOCK_BYTES);
  const isTable = options.inputFormat.records !== 'jsonl';
  const from = resumeAt !== undefined && source.seekable && !isTable ? resumeAt : { offset: 0, line: 1 };
  const all = splitBlocks(source.read(from.offset), recordEnds(options), from)[Symbol.asyncIterator]();
  let next = await all.next();
  const formats = jobFormats(options, next.done === true ? undefined : next.value);
  async function* wanted(): AsyncGenerator<Block> {
    try {
      for (; next.done !== true && next.value.number < range.to; next = await all.next()) {
        const isDone = resumeAt !== undefined && next.value.start.offset < resumeAt.offset;
        if (!isDone && next.value.number >= range.from) yield next.value;
      }
    } finally {
      await all.return(undefined);
    }
  }
  return { formats, range, blocks: wanted() };
}

function recordEnds({ inputFormat: { records } }: JobOptions): RecordEnds {
  return records === 'jsonl' ? new LineEnds() : new CsvEnds(DELIMITER[records]);
}

/** How the blocks of an input are read, and what stands before them in the output. */
export interface JobFormats {
  readonly read: BlockReader;
  readonly outputHeader: string;
}

/**
 * @param first the input's first block: that of a table has its header
 * @throws StartError when a table has no header that can be used
 */
function jobFormats(
  { inputFormat, outputFormat, textField, topK }: JobOptions,
  first: Block | undefined,
): JobFormats {
  const added = answerFields(topK);
  const addedNames = new Set(added);
  const { records } = inputFormat;
  if (records === 'jsonl') return { read: jsonLinesReader(textField, addedNames), outputHeader: '' };
  const header = readCsvHeader(first, records, textField);
  return {
    read: csvReader(header, records, csvPrefix(outputFormat.records, addedNames)),
    outputHeader: csvHeaderLine(header.names, added, outputFormat.records),
  };
}

/**
 * How a record of CSV or TSV begins in the output: its columns, without those that the answer brings. As JSON its
 * values are strings: a table does not say what is a number.
 */
export function csvPrefix(output: RecordFormat, added: ReadonlySet<string>): CsvPrefix {
  return (names, fields) => {
    const kept = names
      .map((name, i) => [name, fields[i] ?? ''] as const)
      .filter(([name]) => !added.has(name));
    if (output === 'jsonl') {
      return `{${kept.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)},`).join('')}`;
    }
    const delimiter = DELIMITER[output];
    return kept.map(([, value]) => `${quoteField(value, delimiter)}${delimiter}`).join('');
  };
}

/** The header of the output; nothing where the records name their own fields. */
export function csvHeaderLine(
  names: readonly string[],
  added: readonly string[],
  output: RecordFormat,
): string {
  if (output === 'jsonl') return '';
  const delimiter = DELIMITER[output];
  const kept = names.filter((name) => !added.includes(name));
  return `${[...kept, ...added].map((name) => quoteField(name, delimiter)).join(delimiter)}\n`;
}
