import { element } from './svg.js';

/** Colours of a chart; `main`, `second` and `third` tell lines apart, also for most who are colour-blind. */
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
  /** Of the document, for those who cannot see it. */
  readonly title: string;
  /** What the chart says, in a sentence. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  /** Rules that are the same in both themes. */
  readonly shapes: string;
  /** Rules with colours; written twice, for viewers that are no browsers know no variables. */
  readonly colours: (colours: Colours) => string;
}

/**
 * A chart as an SVG document. With a background of its own: a viewer that does not follow the page's theme would show
 * dark on dark.
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
