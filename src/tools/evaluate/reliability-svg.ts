import { percent } from '../../base/format.js';
import { renderAxes, AREA, chartPage, renderLegend, renderLine, TONES } from '../../base/charts/xy-chart.js';
import { element } from '../../base/charts/svg.js';
import type { VersionFigures } from './version-figures.js';

const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** How often an answer, or a label of it, is right, against how sure it is; on the dotted line both are the same. */
export function renderReliability(
  versions: readonly Pick<VersionFigures, 'version' | 'calibration' | 'several'>[],
): string {
  const x = (score: number): number => AREA.left + score * (AREA.right - AREA.left);
  const y = (share: number): number => AREA.bottom - share * (AREA.bottom - AREA.top);
  const format = (share: number): string => percent(share, 0);
  const isSeveral = versions.some(({ several }) => several !== null);
  const [title, ofScore, ofShare] = isSeveral
    ? ['Are labels right as often as they say?', 'score of a label', 'share of texts that have it']
    : ['Are answers right as often as they say?', 'score of the answer', 'share of right answers'];
  const names = versions.map(
    ({ version, calibration: { expected_error: error } }) =>
      `${version}: expected calibration error ${error.toFixed(4)}`,
  );
  const parts = [
    element('text', { class: 'title', x: AREA.left, y: 30 }, title),
    ...renderAxes(
      { title: ofScore, at: x, ticks: TICKS, format },
      { title: ofShare, at: y, ticks: TICKS, format },
    ),
    element('line', { class: 'ideal', x1: x(0), y1: y(0), x2: x(1), y2: y(1) }),
    ...versions.flatMap(({ calibration: { bins } }, i) => {
      const tone = TONES[i] ?? 'main';
      const whiskers = bins.map(({ confidence, interval: [low, high] }) =>
        element('line', {
          class: `whisker ${tone}`,
          x1: x(confidence),
          x2: x(confidence),
          y1: y(low),
          y2: y(high),
        }),
      );
      const points = bins.map(({ confidence, accuracy }) => [x(confidence), y(accuracy)] as const);
      return [...whiskers, ...renderLine(tone, points)];
    }),
    ...renderLegend(names),
  ];
  return chartPage('Reliability diagram', names.join('; '), parts);
}
