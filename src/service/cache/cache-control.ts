/** Quoted strings may contain commas and directive names; they are values, not directives. */
const QUOTED = /"(?:[^"\\]|\\.)*"?/g;

/**
 * True when a `Cache-Control` request header has the directive `no-cache`, alone or among others
 * (https://www.rfc-editor.org/rfc/rfc9111#section-5.2.1.4; names of directives are case-insensitive).
 */
export function asksForFreshAnswer(header: string | undefined): boolean {
  if (header === undefined) return false;
  return header
    .replaceAll(QUOTED, '')
    .split(',')
    .some((directive) => directive.split('=', 1)[0]?.trim().toLowerCase() === 'no-cache');
}
