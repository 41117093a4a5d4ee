import { answerFields } from './answer.js';
import { LineEnds, type Block, type RecordEnds } from '../records/blocks.js';
import { CsvEnds } from '../records/csv-ends.js';
import { csvHeaderLine, csvPrefix } from './csv-output.js';
import { csvReader, readCsvHeader } from '../records/csv-records.js';
import { DELIMITER } from '../records/file-format.js';
import { jsonLinesReader } from '../records/json-lines.js';
import type { JobOptions } from './job-options.js';
import type { BlockReader } from '../records/records.js';

export function recordEnds({ inputFormat: { records } }: JobOptions): RecordEnds {
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
export function jobFormats(
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
