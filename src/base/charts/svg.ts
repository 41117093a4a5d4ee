/** What stands inside an element: more elements, or text. */
export type SvgContent = readonly string[] | string;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Text as XML takes it. Control characters, which XML 1.0 does not know, are left out. */
export function escapeXml(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  const known = text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '');
  return known.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}

/**
 * One element. Numbers are written with at most two decimals.
 * @param content elements made by this function as an array, or text, which is escaped
 */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content: SvgContent = [],
): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? decimals(value) : escapeXml(value)}"`,
  );
  const inner = typeof content === 'string' ? escapeXml(content) : content.join('');
  return inner === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${inner}</${name}>`;
}

/** A point of a `points` attribute. */
export const point = (x: number, y: number): string => `${x.toFixed(1)},${y.toFixed(1)}`;

function decimals(value: number): string {
  return String(Math.round(value * 100) / 100);
}
