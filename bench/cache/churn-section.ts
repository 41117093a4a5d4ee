import { count, megabytes, ratio, table } from '../report/format.js';
import type { Machine } from '../report/machine.js';
import { noneFailed, sectionOf, type Target } from '../report/section.js';
import type { ChurnReport } from './churn.js';

/** How much more memory the last tenth of the texts may find than the second one. */
const GROWTH_LIMIT = 1.1;

/** From the second tenth on: in the first one cache, heap and the ring of answered requests fill up. */
function growthOf({ windows }: ChurnReport): number {
  return (windows.at(-1)?.medianBytes ?? NaN) / (windows[1]?.medianBytes ?? NaN);
}

export function churnTargets(report: ChurnReport): Target[] {
  const { texts, windows, failed } = report;
  const growth = growthOf(report);
  return [
    {
      what: `memory of the main process (PSS), median of the last tenth of ${count(texts)} distinct texts over that of the second tenth`,
      wanted: `at most ${ratio(GROWTH_LIMIT)}-fold`,
      measured: `${ratio(growth)}-fold: ${megabytes(windows[1]?.medianBytes ?? NaN)}, ${megabytes(windows.at(-1)?.medianBytes ?? NaN)}`,
      reached: growth <= GROWTH_LIMIT,
    },
    noneFailed('texts without a good answer', failed),
  ];
}

/** The condition for exit code 0, on any machine: every text is answered, and the cache was full. */
export const churnIsRight = ({ failed, evicted }: ChurnReport): boolean => failed === 0 && evicted > 0;

/** The section of docs/benchmarks.md about the memory of the cache. */
export function churnSection(report: ChurnReport, machine: Machine): string {
  const { texts, textsPerS, windows, entries, evicted } = report;
  return sectionOf('Memory of the cache', '--cache-long', machine, churnTargets(report), [
    `${count(texts)} distinct texts of a few tokens go through a service with default settings, but a patient deadline, by POST /predict_batch
(${count(textsPerS)} texts/s), so its cache is overwritten many times: in the end it held ${count(entries)} answers and had evicted
${count(evicted)}. After each request the proportional set size of the main process is read, where the cache is. What else the
machine does may slow the run down, and changes nothing about its memory.`,
    table(
      ['texts so far', 'median', 'peak'],
      windows.map(({ texts: at, medianBytes, peakBytes }) => [
        count(at),
        megabytes(medianBytes),
        megabytes(peakBytes),
      ]),
    ),
  ]);
}
