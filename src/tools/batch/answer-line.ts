import type { Answer } from '../../engine/tasks/task.js';
import { namedRanking } from '../../engine/tasks/classified.js';
import type { ModelVersion } from '../../registry/model-version.js';
import type { TableDialect } from '../records/table-fields.js';

/** Digits behind the point: beyond what the arithmetic of a model means, and the same text wherever it is compared. */
const SCORE_DIGITS = 6;

/** The fields that are added to a line. */
export function answerFields(topK: number | null): string[] {
  const fields = ['label', 'score', 'model_name', 'model_version', 'truncated'];
  return topK === null ? fields : [...fields, 'scores'];
}

/**
 * A field of a table, in quotes where its text would end it.
 * @returns null when a table without quotes cannot hold it
 */
export function tableCell(text: string, { delimiter, quotes }: TableDialect): string | null {
  const wouldEnd = /[\r\n]/.test(text) || text.includes(delimiter);
  if (!quotes) return wouldEnd ? null : text;
  return wouldEnd || text.includes('"') ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The line of a table that ends with these fields, none of which has a tab or a line end. */
export const tableCells = (cells: readonly string[], dialect: TableDialect): string =>
  `${cells.map((cell) => tableCell(cell, dialect)).join(dialect.delimiter)}\n`;

/**
 * Renders what follows the prefix of a line: the answer, and the end of the record.
 * @param table null: JSON lines
 */
export function answerWriter(
  table: TableDialect | null,
  { model, version, manifest }: ModelVersion,
  topK: number | null,
): (row: Answer) => string {
  const json = JSON.stringify;
  return ({ value, truncated }) => {
    const ranked = namedRanking(value, manifest.labels, topK ?? 1);
    const label = ranked[0]?.label ?? '';
    const score = (ranked[0]?.score ?? 0).toFixed(SCORE_DIGITS);
    const entries = ranked.map(
      (one) => `{"label":${json(one.label)},"score":${one.score.toFixed(SCORE_DIGITS)}}`,
    );
    const all = `[${entries.join(',')}]`;
    if (table === null) {
      const rest = `"model_name":${json(model)},"model_version":${json(version)},"truncated":${String(truncated)}`;
      return `"label":${json(label)},"score":${score},${rest}${topK === null ? '' : `,"scores":${all}`}}\n`;
    }
    const cells = [label, score, model, version, String(truncated), ...(topK === null ? [] : [all])];
    return tableCells(cells, table);
  };
}
