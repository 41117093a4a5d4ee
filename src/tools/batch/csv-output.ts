import { quoteField } from './answer.js';
import type { CsvPrefix } from '../records/csv-records.js';
import { DELIMITER, type RecordFormat } from '../records/file-format.js';

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
