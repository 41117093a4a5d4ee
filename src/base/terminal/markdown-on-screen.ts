import { fitTable } from './fit-table.js';
import type { Screen, Style } from './screen.js';
import { wrapLine } from './wrap.js';

/** How a text between two pairs of asterisks is shown. */
export type Emphasis = (text: string) => Style;

const RULE = /^\|( :?-+:? \|)+$/;
const FIGURE = /^(?:[+-]?\d.*|-)$/;

/**
 * A report in Markdown, as Serin writes it (headings, lists, tables, paragraphs of one line), for people at a terminal:
 * without marks, with tables of text, and wrapped. In a pipe it stays Markdown.
 */
export function markdownOnScreen(
  markdown: string,
  screen: Screen,
  emphasis: Emphasis = () => 'bold',
): string {
  if (!screen.isTerminal) return markdown;
  const out: string[] = [];
  let table: string[] = [];
  for (const line of [...markdown.trimEnd().split('\n'), '']) {
    if (line.startsWith('|')) {
      table.push(line);
      continue;
    }
    if (table.length > 0) out.push(...tableLines(table, screen, emphasis));
    table = [];
    out.push(...textLines(line, screen, emphasis));
  }
  return `${out.join('\n').trimEnd()}\n`;
}

function textLines(line: string, screen: Screen, emphasis: Emphasis): string[] {
  const heading = /^#+ (.*)$/.exec(line)?.[1];
  if (heading !== undefined) {
    return wrapLine(unmarked(heading), screen.columns).map((one) => screen.paint('bold', one));
  }
  return wrapLine(inline(line, screen, emphasis), screen.columns, line.startsWith('- ') ? 2 : 0);
}

const unmarked = (text: string): string => text.replaceAll(/`([^`]*)`/g, '$1');

/** Each word is painted by itself, so that a line may end between them. */
const inline = (text: string, { paint }: Screen, emphasis: Emphasis): string =>
  unmarked(text).replaceAll(/\*\*(.+?)\*\*/g, (_, inner: string) =>
    inner
      .split(' ')
      .map((word) => paint(emphasis(inner), word))
      .join(' '),
  );

function tableLines(lines: readonly string[], screen: Screen, emphasis: Emphasis): string[] {
  const [heading = [], ...rows] = lines
    .filter((line) => !RULE.test(line))
    .map((line) => cellsOf(line).map((cell) => inline(cell, screen, emphasis)));
  const left = heading.flatMap((_, column) =>
    column > 0 && rows.every((cells) => FIGURE.test(cells[column] ?? '')) ? [] : [column],
  );
  return fitTable(heading, rows, screen, { left });
}

const cellsOf = (line: string): string[] =>
  line
    .replace(/^\| ?/, '')
    .replace(/ ?\|$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
