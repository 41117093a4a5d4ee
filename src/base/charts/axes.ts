import { AREA } from './frame.js';
import { element } from './svg.js';

export interface Axis {
  readonly title: string;
  /** Where a value lies, in the units of the document. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

/** The axes, their ticks and titles. */
export function renderAxes(x: Axis, y: Axis): string[] {
  const { left, right, top, bottom } = AREA;
  const [middleX, middleY] = [(left + right) / 2, (top + bottom) / 2];
  return [
    ...y.ticks.flatMap((value) => [
      element('line', { class: 'grid', x1: left, x2: right, y1: y.at(value), y2: y.at(value) }),
      element('text', { x: left - 8, y: y.at(value) + 5, 'text-anchor': 'end' }, y.format(value)),
    ]),
    element('line', { class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom }),
    ...x.ticks.map((value) =>
      element('text', { x: x.at(value), y: bottom + 22, 'text-anchor': 'middle' }, x.format(value)),
    ),
    element('text', { x: middleX, y: bottom + 46, 'text-anchor': 'middle' }, x.title),
    element(
      'text',
      { x: 18, y: middleY, 'text-anchor': 'middle', transform: `rotate(-90 18 ${middleY})` },
      y.title,
    ),
  ];
}
