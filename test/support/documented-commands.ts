import { readdirSync } from 'node:fs';
import { readText, ROOT } from './repository.js';

/** A command of serin that a page shows, without `npx serin`, and where it stands. */
export interface DocumentedCommand {
  readonly page: string;
  readonly line: number;
  readonly text: string;
}

/** The page and its commands: at the beginning of a line, behind a prompt, or indented as a code block. */
const COMMAND = /^(?: {4}|\$ )?(?:[A-Z_]+=\S+ )*(?:npx )?serin (?!:)(.*)$/;

export const PAGES: readonly string[] = [
  'README.md',
  'examples/README.md',
  ...readdirSync(`${ROOT}docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Only what stands in a code block is a command: text between backticks may leave parts out. */
export function commandsOf(page: string): DocumentedCommand[] {
  const commands: DocumentedCommand[] = [];
  let fenced = false;
  const lines = readText(page).split('\n');
  for (let i = 0; i < lines.length; i++) {
    let line = lines[i] ?? '';
    if (line.startsWith('```')) {
      fenced = !fenced;
      continue;
    }
    if (!fenced && !line.startsWith('    ')) continue;
    const at = i + 1;
    while (line.endsWith('\\')) line = `${line.slice(0, -1)} ${(lines[++i] ?? '').trim()}`;
    const [, text] = COMMAND.exec(line) ?? [];
    if (text !== undefined) commands.push({ page, line: at, text });
  }
  return commands;
}

/** The words as a shell reads them, without redirections, pipes and what explains the command beside it. */
export function wordsOf(text: string): string[] {
  const [command = ''] = text.split(/ {3,}|\s#|\s[|>]|\s2>|;|\s&&/);
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  );
}
