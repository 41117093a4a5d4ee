/** The content of an element: further elements, or text. */
export type SvgContent = readonly string[] | string;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Escapes text for XML. Control characters that XML 1.0 does not allow are removed. */
export function escapeXml(text: string): string {
  // eslint-disable-next-line no-control-regex -- the pattern searches for control characters
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

/**
 * Colours of a chart; the lines use `main`, `second` and `third`, which most colour-blind people can distinguish too.
 */
export interface Colours {
  readonly page: string;
  readonly ink: string;
  readonly faint: string;
  readonly main: string;
  readonly second: string;
  readonly third: string;
}

const LIGHT: Colours = {
  page: '#ffffff',
  ink: '#1f2933',
  faint: '#d5dbe1',
  main: '#0b6bcb',
  second: '#b45309',
  third: '#047857',
};
const DARK: Colours = {
  page: '#0d1117',
  ink: '#e4e8ec',
  faint: '#414b55',
  main: '#6cb4ff',
  second: '#fbbf24',
  third: '#34d399',
};

const common = ({ page, ink, faint }: Colours): string => `
  .page { fill: ${page}; }
  text { fill: ${ink}; }
  .grid { stroke: ${faint}; }
  .axis { stroke: ${ink}; }`;

export interface Page {
  /** Title of the document, for screen readers. */
  readonly title: string;
  /** The statement of the chart, in one sentence. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  /** Rules that are the same in both themes. */
  readonly shapes: string;
  /**
   * Rules with colours. They are written once per theme, because viewers other than browsers do not support variables.
   */
  readonly colours: (colours: Colours) => string;
}

/**
 * A chart as an SVG document. It has its own background, because a viewer that ignores the page's theme would show dark
 * on dark.
 */
export function svgPage(
  { title, description, width, height, shapes, colours }: Page,
  parts: readonly string[],
): string {
  const style = `
  text { font: 14px system-ui, sans-serif; }
  .title { font-size: 17px; font-weight: 600; }
${shapes}
${common(LIGHT)}
${colours(LIGHT)}
  @media (prefers-color-scheme: dark) {${common(DARK)}
${colours(DARK)}}
`;
  const document = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-label': description,
    },
    [
      element('title', {}, title),
      element('desc', {}, description),
      element('style', {}, [style]),
      element('rect', { class: 'page', width, height }),
      ...parts,
    ],
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${document}\n`;
}
