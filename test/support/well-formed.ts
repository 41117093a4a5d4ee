const TAG = /<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+="[^"<]*")*)\s*(\/?)>|<\?[^?]*\?>/y;
const TEXT = /(?:[^<&]|&(?:amp|lt|gt|quot|apos|#\d+);)+/y;

/**
 * The name of the root element of a document that is well-formed XML, without comments and CDATA.
 * @throws Error at the place where it is not
 */
export function wellFormed(xml: string): string {
  const open: string[] = [];
  let root = '';
  let place = 0;
  while (place < xml.length) {
    TAG.lastIndex = TEXT.lastIndex = place;
    const tag = TAG.exec(xml);
    const found = tag ?? TEXT.exec(xml);
    if (found === null) throw new Error(`not well-formed at: ${xml.slice(place, place + 80)}`);
    place += found[0].length;
    const [, closes, name, , empty] = tag ?? [];
    if (name === undefined) continue;
    if (closes === '/') {
      if (open.pop() !== name) throw new Error(`</${name}> closes another element`);
    } else {
      if (open.length === 0 && root !== '') throw new Error(`a second root: ${name}`);
      root ||= name;
      if (empty !== '/') open.push(name);
    }
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join(', ')}`);
  return root;
}
