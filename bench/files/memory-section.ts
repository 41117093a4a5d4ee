import { count, megabytes, ratio, table } from '../report/format.js';
import type { Machine } from '../report/machine.js';
import { sectionOf, type Target } from '../report/section.js';
import type { PeakMemory } from './memory.js';
import { MEMORY_VERSION } from './plan.js';

const MEMORY_LIMIT_BYTES = 1.2e9;
/** How much larger the peak of the longest file may be than that of the shortest. */
const MEMORY_GROWTH_LIMIT = 1.1;

/** @param peaks the shortest file first */
export function memoryTargets(peaks: readonly PeakMemory[]): Target[] {
  const [shortest, longest] = [peaks[0], peaks.at(-1)];
  if (shortest === undefined || longest === undefined) return [];
  const growth = longest.peakBytes / shortest.peakBytes;
  const most = Math.max(...peaks.map(({ peakBytes }) => peakBytes));
  return [
    {
      what: 'peak memory of all processes (PSS)',
      wanted: `at most ${megabytes(MEMORY_LIMIT_BYTES)}`,
      measured: megabytes(most),
      reached: most <= MEMORY_LIMIT_BYTES,
    },
    {
      what: `its growth from ${count(shortest.lines)} to ${count(longest.lines)} lines`,
      wanted: `at most ${ratio(MEMORY_GROWTH_LIMIT)}-fold`,
      measured: `${ratio(growth)}-fold`,
      reached: growth <= MEMORY_GROWTH_LIMIT,
    },
  ];
}

/** The section of docs/benchmarks.md about the memory of `serin batch`. */
export function memorySection(peaks: readonly PeakMemory[], machine: Machine): string {
  return sectionOf('Memory of long files', '--files-memory', machine, memoryTargets(peaks), [
    `The proportional set size of all processes of one \`serin batch\`, twice a second; the largest sum counts. What else the
machine does may slow the run down, and changes nothing about its memory. Each line is a distinct sentence of five to
eight words, so that millions of lines take minutes.`,
    table(
      [`${MEMORY_VERSION}, distinct lines`, 'peak PSS of all processes', 'lines/s'],
      peaks.map(({ lines, peakBytes, linesPerS }) => [count(lines), megabytes(peakBytes), count(linesPerS)]),
    ),
  ]);
}
