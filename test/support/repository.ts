import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The shipped models, or another registry that was asked for. */
export const REGISTRY = resolve(ROOT, process.env.MODEL_REGISTRY ?? 'model-registry');

export const readText = (path: string): string => readFileSync(ROOT + path, 'utf8');

/** Files under version control, and new ones that are not ignored, below a folder. */
export function sourceFiles(folder: string): string[] {
  const listed = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '--', folder],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
  return listed.split('\n').filter((path) => path !== '');
}

/** Rows of the first Markdown table after a heading, cells trimmed, without heading and rule. */
export function tableAfter(markdown: string, heading: string): string[][] {
  const lines = markdown.split('\n');
  const from = lines.indexOf(heading);
  if (from < 0) throw new Error(`there is no line ${heading}`);
  const start = lines.findIndex((line, i) => i > from && line.startsWith('|'));
  const rows: string[][] = [];
  for (let i = start + 2; lines[i]?.startsWith('|'); i++) {
    const cells = (lines[i] ?? '').split('|').slice(1, -1);
    rows.push(cells.map((cell) => cell.trim()));
  }
  return rows;
}

/** The text with what stands between `<!-- begin name -->` and `<!-- end name -->` replaced. */
export function withGenerated(markdown: string, name: string, content: string): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  const [from, to] = [markdown.indexOf(begin), markdown.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`there are no markers ${begin} and ${end}`);
  return `${markdown.slice(0, from)}${begin}\n\n${content}\n\n${markdown.slice(to)}`;
}
