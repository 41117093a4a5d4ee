/** The parts of docs/benchmarks.md that different runs write: what stands before this line, and what stands after. */
const FILES_MARK = '<!-- files -->';

const HEADING = '# Benchmarks\n';

/** The document with its part about the service replaced. */
export function withServicePart(document: string, servicePart: string): string {
  const at = document.indexOf(FILES_MARK);
  return at < 0 ? servicePart : `${servicePart.trimEnd()}\n\n${document.slice(at)}`;
}

/** The document with its part about files replaced. */
export function withFilesPart(document: string, filesPart: string): string {
  const at = document.indexOf(FILES_MARK);
  const before = (at < 0 ? document : document.slice(0, at)).trimEnd();
  return `${before === '' ? HEADING : `${before}\n`}\n${FILES_MARK}\n\n${filesPart}`;
}
