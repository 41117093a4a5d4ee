import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { REPORT_FILE } from '../base/paths.js';
import { say } from '../base/progress.js';
import type { RunOptions } from '../base/run-options.js';

/** The parts of docs/benchmarks.md that runs of their own write, in the order in which they stand there. */
const PARTS = {
  openloop: 'the open loop',
  overload: 'beyond capacity',
  files: 'files',
  memory: 'memory',
  cache: 'cache',
  churn: 'churn',
  rollout: 'rollouts',
  quantize: 'quantisation',
} as const;

export type PartName = keyof typeof PARTS;

/** The line that a part begins with; what stands before the first one is about the service. */
const MARK = /^<!-- ([a-z]+) -->$/m;

const HEADING = '# Benchmarks\n';

/** The document with its part about the service replaced. */
export function withServicePart(document: string, servicePart: string): string {
  const at = document.search(MARK);
  return at < 0 ? servicePart : `${servicePart.trimEnd()}\n\n${document.slice(at)}`;
}

/** The document with one of the other parts replaced, or put in its place. */
export function withPart(document: string, part: PartName, section: string): string {
  const [service = '', ...rest] = document.split(MARK);
  const sections = new Map<string, string>();
  for (let i = 0; i + 1 < rest.length; i += 2) sections.set(rest[i] ?? '', rest[i + 1] ?? '');
  sections.set(part, section);
  const parts = Object.keys(PARTS).flatMap((name) => {
    const text = sections.get(name);
    return text === undefined ? [] : [`<!-- ${name} -->\n\n${text.trim()}\n`];
  });
  const before = service.trim() === '' ? HEADING : `${service.trimEnd()}\n`;
  return [before, ...parts].join('\n');
}

type Reporting = Pick<RunOptions, 'json' | 'write'>;

const rewrite = (change: (before: string) => string): void => {
  const before = existsSync(REPORT_FILE) ? readFileSync(REPORT_FILE, 'utf8') : '';
  writeFileSync(REPORT_FILE, change(before));
};

const print = (document: object, markdown: string, json: boolean): void =>
  void process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : markdown);

/** Reports a part on stdout, and writes its section of docs/benchmarks.md where that is wanted. */
export function tellPart(
  part: PartName,
  document: object,
  section: string,
  { json, write }: Reporting,
): void {
  print(document, section, json);
  if (!write) return;
  rewrite((before) => withPart(before, part, section));
  say(`the section about ${PARTS[part]} in docs/benchmarks.md is written`);
}

/** Reports the service's speed and faults on stdout, and writes the first part of docs/benchmarks.md where wanted. */
export function tellServicePart(document: object, markdown: string, { json, write }: Reporting): void {
  print(document, markdown, json);
  if (!write) return;
  rewrite((before) => withServicePart(before, markdown));
  say('docs/benchmarks.md is written');
}
