const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);

/** Index after the closing quote of the string that begins at `start`. */
function stringEnd(json: string, start: number): number {
  let at = start + 1;
  for (; json.charCodeAt(at) !== QUOTE; at++) if (json.charCodeAt(at) === BACKSLASH) at++;
  return at + 1;
}

/** The members of a JSON object: each one's key, and its text as it is written. */
function* membersOf(object: string): Generator<{ readonly key: string; readonly text: string }> {
  let depth = 0;
  let start = 0;
  let key: string | undefined;
  for (let at = 0; at < object.length; at++) {
    const code = object.charCodeAt(at);
    if (code === QUOTE) {
      const end = stringEnd(object, at);
      if (depth === 1) key ??= JSON.parse(object.slice(at, end)) as string;
      at = end - 1;
    } else if (OPENING.has(code)) {
      if (++depth === 1) start = at + 1;
    } else if (CLOSING.has(code) && depth > 1) depth--;
    else if (depth === 1 && (code === COMMA || CLOSING.has(code))) {
      if (key !== undefined) yield { key, text: object.slice(start, at).trim() };
      key = undefined;
      start = at + 1;
    }
  }
}

/**
 * A JSON object up to where further members may follow: `{` or `{"a":1,`. What is kept stays as it was written,
 * numbers above all: `JSON.parse` would round a 64-bit id.
 * @param object the text of an object that `JSON.parse` accepts
 * @param names members to leave out
 */
export function openObject(object: string, keys: readonly string[], names: ReadonlySet<string>): string {
  if (!keys.some((key) => names.has(key))) {
    const members = object.slice(object.indexOf('{') + 1, object.lastIndexOf('}')).trim();
    return members === '' ? '{' : `{${members},`;
  }
  const kept = [...membersOf(object)].filter(({ key }) => !names.has(key)).map(({ text }) => `${text},`);
  return `{${kept.join('')}`;
}
