/** The parts of docs/benchmarks.md that runs of their own write, in the order in which they stand there. */
const PARTS = ['openloop', 'files', 'memory', 'cache', 'churn', 'rollout', 'quantize'] as const;

export type PartName = (typeof PARTS)[number];

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
  const parts = PARTS.flatMap((name) => {
    const text = sections.get(name);
    return text === undefined ? [] : [`<!-- ${name} -->\n\n${text.trim()}\n`];
  });
  const before = service.trim() === '' ? HEADING : `${service.trimEnd()}\n`;
  return [before, ...parts].join('\n');
}
