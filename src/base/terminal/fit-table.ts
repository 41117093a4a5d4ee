import { indentedScreen, PLAIN, type Screen } from './screen.js';
import { padText, textWidth, unbroken, widestWord, wrapLine } from './wrap.js';

type Cells = readonly string[];

export interface TableOptions {
  /** Columns that are flush left, the others flush right; all of them when it is left out. */
  readonly left?: readonly number[];
  /** Columns that a narrow screen does without, the first of them first: another command shows them. */
  readonly lesser?: readonly number[];
}

interface Table {
  readonly heading: Cells;
  readonly rows: readonly Cells[];
  /** Of each column. */
  readonly isLeft: readonly boolean[];
}

const GAP = 2;
/** A row that is higher than this is easier to read as a list. */
const HIGHEST_ROW = 5;
/** Of what stands below its row. */
const NOTE_INDENT = 4;
const LIST_INDENT = 2;

/**
 * A table for people, a string per line. Columns are two spaces apart. Where the screen is narrower than the table, in this
 * order: headings are broken at spaces, and units that all cells of a column share go up into its heading; a last column
 * without a heading goes below its row; lesser columns are left out; cells are broken at spaces; each row becomes a list.
 */
export function fitTable(
  heading: Cells,
  rows: readonly Cells[],
  screen: Screen = PLAIN,
  { left, lesser = [] }: TableOptions = {},
): string[] {
  const isLeft = heading.map((_, column) => left?.includes(column) !== false);
  const full: Table = { heading, rows, isLeft };
  const asItIs = layOut(full, screen, widthsOf(full));
  if (asItIs !== null) return linesOf(asItIs);
  if (hasNotes(full)) return withNotesBelow(full, screen) ?? asList(full, screen);
  for (let left = 0; left <= lesser.length; left++) {
    const table = withSharedUnits(without(full, lesser.slice(0, left)));
    const laid = layOut(table, screen, widthsOf(table, true));
    if (laid !== null) return linesOf(laid);
  }
  const laid = layOutNarrow(without(full, lesser), screen);
  return laid === null ? asList(full, screen) : linesOf(laid);
}

/** Columns that each column takes; with `headingsBroken` its heading only as many as its widest word. */
function widthsOf({ heading, rows }: Table, headingsBroken = false): number[] {
  return heading.map((title, column) =>
    Math.max(
      headingsBroken ? widestWord(title) : textWidth(title),
      ...rows.map((cells) => textWidth(cells[column] ?? '')),
    ),
  );
}

const total = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);

/** The lines of a table, those of each row by themselves. */
interface Laid {
  readonly titles: readonly string[];
  readonly blocks: readonly (readonly string[])[];
}

/** Null when it does not fit, or a row is too high. */
function layOut(
  { heading, rows, isLeft }: Table,
  screen: Screen,
  widths: readonly number[],
  highest = Infinity,
): Laid | null {
  if (total(widths) > screen.columns) return null;
  const block = (cells: Cells): string[] => {
    const wrapped = cells.map((cell, column) => wrapLine(cell, widths[column] ?? 0));
    return Array.from({ length: Math.max(...wrapped.map(({ length }) => length)) }, (_, i) =>
      wrapped
        .map((lines, column) =>
          padText(lines[i] ?? '', widths[column] ?? 0, isLeft[column] === false ? 'left' : 'right'),
        )
        .join(' '.repeat(GAP))
        .trimEnd(),
    );
  };
  const blocks = rows.map(block);
  if (blocks.some(({ length }) => length > highest)) return null;
  return { titles: titleLines(block(heading), screen), blocks };
}

/** With headings and then cells broken at spaces, and shared units gone up. */
function layOutNarrow(table: Table, screen: Screen): Laid | null {
  const bare = withSharedUnits(table);
  const broken = layOut(bare, screen, widthsOf(bare, true));
  if (broken !== null) return broken;
  const widths = shrunk(bare, screen);
  return widths === null ? null : layOut(bare, screen, widths, HIGHEST_ROW);
}

const linesOf = ({ titles, blocks }: Laid): string[] => [...titles, ...blocks.flat()];

/** A table of facts has a blank heading, which takes no line. */
const titleLines = (lines: readonly string[], { paint }: Screen): string[] =>
  lines.every((line) => line === '') ? [] : lines.map((line) => paint('bold', line));

/** Whether its last column is a remark about each row. */
const hasNotes = ({ heading }: Table): boolean => heading.length > 2 && heading.at(-1) === '';

/** The table without its last column, and each cell of that below its row. */
function withNotesBelow(table: Table, screen: Screen): string[] | null {
  const last = table.heading.length - 1;
  const rest = without(table, [last]);
  const laid = layOut(rest, screen, widthsOf(rest)) ?? layOutNarrow(rest, screen);
  if (laid === null) return null;
  const blocks = laid.blocks.map((lines, i) => [...lines, ...noteLines(table.rows[i]?.[last] ?? '', screen)]);
  return linesOf({ titles: laid.titles, blocks });
}

const noteLines = (note: string, screen: Screen): string[] =>
  note === '' ? [] : wrapLine(`${' '.repeat(NOTE_INDENT)}${note}`, screen.columns);

const FIGURE_WITH_UNIT = /^[+-]?[\d.,]+ (%|[kMG]?B|[mµ]?s)$/;

/** Puts a unit that all cells of a column have into its heading. */
function withSharedUnits({ heading, rows, isLeft }: Table): Table {
  const units = heading.map((_, column) => {
    const cells = rows.map((row) => row[column] ?? '').filter((cell) => cell !== '-' && cell !== '');
    const found = new Set(cells.map((cell) => FIGURE_WITH_UNIT.exec(cell)?.[1]));
    const [unit] = found;
    return found.size === 1 ? unit : undefined;
  });
  const bare = (cell: string, column: number): string =>
    units[column] === undefined ? cell : cell.replace(` ${units[column]}`, '');
  return {
    isLeft,
    heading: heading.map((title, column) =>
      units[column] === undefined ? title : [title, units[column]].filter((part) => part !== '').join(', '),
    ),
    rows: rows.map((cells) => cells.map(bare)),
  };
}

function without({ heading, rows, isLeft }: Table, columns: readonly number[]): Table {
  const rest = <T>(cells: readonly T[]): T[] => cells.filter((_, column) => !columns.includes(column));
  return { heading: rest(heading), rows: rows.map(rest), isLeft: rest(isLeft) };
}

/** Widths at which the table fits when its cells are broken, the widest columns broken first; null when there are none. */
function shrunk({ heading, rows }: Table, { columns }: Screen): number[] | null {
  const table = { heading, rows, isLeft: [] };
  const widths = widthsOf(table, true);
  const least = heading.map((title, column) =>
    Math.max(widestWord(title), ...rows.map((cells) => widestWord(cells[column] ?? ''))),
  );
  while (total(widths) > columns) {
    const room = widths.map((width, column) => (width > (least[column] ?? 0) ? width : 0));
    const widest = room.indexOf(Math.max(...room));
    if ((room[widest] ?? 0) === 0) return null;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** Each row by itself: its first cell, and below it the others with their headings. */
function asList(table: Table, screen: Screen): string[] {
  const { heading, rows } = table;
  const inner = indentedScreen(screen, LIST_INDENT).columns;
  const end = hasNotes(table) ? heading.length - 1 : heading.length;
  return rows.flatMap((cells) => {
    const [title = '', ...parts] = cells.slice(0, end).flatMap((cell, i) => {
      if (i > 0 && (cell === '' || cell === '-')) return [];
      const part = `${heading[i] ?? ''} ${cell}`.trim();
      return [textWidth(part) < inner ? unbroken(part) : part];
    });
    return [
      ...wrapLine(title, screen.columns).map((line) => screen.paint('bold', line)),
      ...wrapLine(`${' '.repeat(LIST_INDENT)}${parts.join(', ')}`, screen.columns),
      ...noteLines(cells.slice(end).join(' '), screen),
    ];
  });
}

/** A table as one text, a line break behind each line. */
export const renderTable = (
  heading: Cells,
  rows: readonly Cells[],
  screen?: Screen,
  options?: TableOptions,
): string =>
  fitTable(heading, rows, screen, options)
    .map((line) => `${line}\n`)
    .join('');

/** Facts with their names, a string per line: values stand below one another, and are broken at spaces. */
export function factLines(facts: readonly (readonly [string, string])[], screen: Screen = PLAIN): string[] {
  const width = Math.max(0, ...facts.map(([name]) => textWidth(name)));
  const room = screen.columns - width - GAP;
  return facts.flatMap(([name, value]) => {
    // Below its name a digest or a path has more room.
    if (widestWord(value) > room) {
      return [
        name,
        ...wrapLine(value, screen.columns - NOTE_INDENT).map((line) => `${' '.repeat(NOTE_INDENT)}${line}`),
      ];
    }
    const lines = wrapLine(value, room);
    return lines.map((line, i) =>
      `${padText(i === 0 ? name : '', width)}${' '.repeat(GAP)}${line}`.trimEnd(),
    );
  });
}
