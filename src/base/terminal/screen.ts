import { styleText } from 'node:util';
import { wantsColours } from '../config/colours.js';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** What a report is written for: a terminal with so many columns, or a pipe or file, whose lines have no end. */
export interface Screen {
  readonly isTerminal: boolean;
  /** Columns of a line; Infinity where nothing is to be wrapped. */
  readonly columns: number;
  /** The text in this style, where there are colours. */
  readonly paint: (style: Style, text: string) => string;
}

/** A pipe or a file. */
export const PLAIN: Screen = { isTerminal: false, columns: Infinity, paint: (_, text) => text };

/** What a terminal without a size counts as. */
const USUAL_COLUMNS = 80;
/** Less than this is left to the terminal, which breaks the lines. */
const LEAST_COLUMNS = 40;

const painted = (style: Style, text: string): string => styleText(style, text, { validateStream: false });

/** The screen behind a stream: its width as it is now, and colours as the environment wants them. */
export function screenOf(
  { isTTY = false, columns = 0 }: { readonly isTTY?: boolean; readonly columns?: number },
  env?: NodeJS.ProcessEnv,
): Screen {
  const paint = wantsColours(isTTY, env) ? painted : PLAIN.paint;
  if (!isTTY) return { ...PLAIN, paint };
  return { isTerminal: true, columns: Math.max(LEAST_COLUMNS, columns > 0 ? columns : USUAL_COLUMNS), paint };
}

/** The same screen for a block that is to be indented by so many spaces. */
export const indentedScreen = (screen: Screen, spaces: number): Screen => ({
  ...screen,
  columns: screen.columns - spaces,
});
