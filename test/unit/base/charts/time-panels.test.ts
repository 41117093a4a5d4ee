import { describe, expect, it } from 'vitest';
import { renderTimeChart, type Panel } from '../../../../src/base/charts/time-panels.js';
import { wellFormed } from '../../../support/well-formed.js';

const panel = (changes: Partial<Panel> = {}): Panel => ({
  title: 'Share',
  lines: [
    {
      name: 'asked <for>',
      tone: 'main',
      samples: [
        { atMs: 0, value: 1 },
        { atMs: 1000, value: null },
        { atMs: 2000, value: 3 },
        { atMs: 3000, value: 4 },
      ],
    },
  ],
  atLeast: 1,
  format: String,
  ...changes,
});

const chart = (panels: readonly Panel[], events: { atMs: number; name: string }[] = []): string =>
  renderTimeChart({ title: 'A & B', description: '"quoted"', panels, events });

describe('a chart over time', () => {
  it('is well-formed XML, whatever its texts hold', () => {
    const svg = chart([panel({ title: 'a < b & c' })], [{ atMs: 500, name: '<script>' }]);
    expect(wellFormed(svg)).toBe('svg');
    expect(svg).not.toContain('<script>');
  });

  it('has a gap where no value is known', () => {
    const lines = chart([panel()]).match(/<polyline /g);
    expect(lines).toHaveLength(2);
  });

  it('draws a stepped line level until its next value', () => {
    const samples = [
      { atMs: 0, value: 1 },
      { atMs: 1000, value: 2 },
    ];
    const svg = chart([panel({ lines: [{ name: 'x', tone: 'third', stepped: true, samples }] })]);
    const [, points = ''] = /points="([^"]+)"/.exec(svg) ?? [];
    const [first, corner, last] = points.split(' ').map((point) => point.split(','));
    expect(corner).toEqual([last?.[0], first?.[1]]);
  });

  it('keeps bands inside the panel, and its axis to the lines', () => {
    const samples = [
      { atMs: 0, low: 0, high: 1000 },
      { atMs: 3000, low: 1, high: 2 },
    ];
    const svg = chart([panel({ bands: [{ name: 'bounds', tone: 'main', samples }] })]);
    expect(svg).not.toContain('>1000<');
    const [, polygon = ''] = /<polygon [^>]*points="([^"]+)"/.exec(svg) ?? [];
    const heights = polygon.split(' ').map((point) => Number(point.split(',')[1]));
    expect(Math.min(...heights)).toBe(98);
  });

  it('stands without a single point', () => {
    expect(wellFormed(chart([panel({ lines: [] })]))).toBe('svg');
  });
});
