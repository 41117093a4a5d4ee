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
import { answerFields, tableCell, tableCells } from './answer-line.js';
import { StartError } from '../../base/errors/start-error.js';
import { readTableHeader, tableReader, type RecordPrefix } from '../records/table-records.js';
import { dialectOf, type RecordFormat } from '../records/file-format.js';
import { TableEnds, type TableDialect } from '../records/table-fields.js';
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

function recordEnds({ inputFormat: { records }, quotes }: JobOptions): RecordEnds {
  return records === 'jsonl' ? new LineEnds() : new TableEnds(dialectOf(records, quotes));
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
  { inputFormat, outputFormat, textField, quotes, topK }: JobOptions,
  first: Block | undefined,
): JobFormats {
  const added = answerFields(topK);
  const addedNames = new Set(added);
  const { records } = inputFormat;
  if (records === 'jsonl') return { read: jsonLinesReader(textField, addedNames), outputHeader: '' };
  const dialect = dialectOf(records, quotes);
  const header = readTableHeader(first, dialect, textField);
  const output = outputDialect(outputFormat.records, quotes);
  return {
    read: tableReader(header, dialect, recordPrefix(output, addedNames)),
    outputHeader: headerLine(header.names, added, output),
  };
}

/** Null where the records name their own fields. */
export const outputDialect = (records: RecordFormat, quotes: boolean): TableDialect | null =>
  records === 'jsonl' ? null : dialectOf(records, quotes);

const CANNOT_HOLD =
  'has a tab or a line end, which TSV without quotes cannot hold; --quotes writes such fields in quotes.';

/**
 * How a record of a table begins in the output: its columns, without those that the answer brings. As JSON its values
 * are strings: a table does not say what is a number.
 */
export function recordPrefix(output: TableDialect | null, added: ReadonlySet<string>): RecordPrefix {
  return (names, fields) => {
    const kept = names
      .map((name, i) => [name, fields[i] ?? ''] as const)
      .filter(([name]) => !added.has(name));
    if (output === null) {
      return `{${kept.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)},`).join('')}`;
    }
    const bad = kept.find(([, value]) => tableCell(value, output) === null);
    if (bad !== undefined) {
      return { code: 'INVALID_REQUEST', message: `The field ${JSON.stringify(bad[0])} ${CANNOT_HOLD}` };
    }
    return kept.map(([, value]) => `${tableCell(value, output) ?? ''}${output.delimiter}`).join('');
  };
}

/**
 * The header of the output; nothing where the records name their own fields.
 * @throws StartError when the output cannot hold the name of a column
 */
export function headerLine(
  names: readonly string[],
  added: readonly string[],
  output: TableDialect | null,
): string {
  if (output === null) return '';
  const kept = names.filter((name) => !added.includes(name));
  const bad = kept.find((name) => tableCell(name, output) === null);
  if (bad !== undefined) throw new StartError(`The name of the column ${JSON.stringify(bad)} ${CANNOT_HOLD}`);
  return tableCells([...kept, ...added], output);
}
