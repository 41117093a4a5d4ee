import { count, ms, ratio, table } from '../report/format.js';
import type { Machine } from '../report/machine.js';
import { noneFailed, sectionOf, type Target } from '../report/section.js';
import type { Fairness, PoliteLatency } from './fairness.js';
import type { Goodput } from './goodput.js';
import { BUSY_LOOPS, OFFERED, OVERLOAD_CONNECTIONS, PEAK_CONNECTIONS } from './plan.js';

const LEAST_GOODPUT = 0.9;
const MOST_EXPIRED = 0.01;
const LIVE_LIMIT_MS = { quiet: 100, busy: 300 } as const;
/** p99 beside the greedy client over that of equal clients. */
const FAIR_FACTOR = 2;

const nameOf = ({ version, busy }: Goodput): string => `${version}, ${busy ? 'busy' : 'quiet'}`;

/** Of the admitted requests, the part that was not answered by its deadline. */
const expiredPart = ({ overload: { okPerS, expiredPerS } }: Goodput): number =>
  expiredPerS / Math.max(1e-9, okPerS + expiredPerS);

export const goodputTargets = (results: readonly Goodput[]): Target[] =>
  results.flatMap((result): Target[] => {
    const { peak, overload, live, busy } = result;
    const limitMs = busy ? LIVE_LIMIT_MS.busy : LIVE_LIMIT_MS.quiet;
    const part = overload.okPerS / peak.okPerS;
    return [
      {
        what: `goodput at ${String(OFFERED)} times the peak over the peak (${nameOf(result)})`,
        wanted: `at least ${ratio(LEAST_GOODPUT)}`,
        measured: ratio(part),
        reached: part >= LEAST_GOODPUT,
      },
      {
        what: `admitted requests that expired (${nameOf(result)})`,
        wanted: `at most ${String(100 * MOST_EXPIRED)} %`,
        measured: `${(100 * expiredPart(result)).toFixed(2)} %`,
        reached: expiredPart(result) <= MOST_EXPIRED,
      },
      {
        what: `p99 of GET /health/live meanwhile (${nameOf(result)})`,
        wanted: `at most ${String(limitMs)} ms`,
        measured: ms(live.p99Ms),
        reached: live.p99Ms <= limitMs && live.failed === 0,
      },
    ];
  });

export function fairnessTargets({ equal, besideGreedy, longestRunMs }: Fairness): Target[] {
  const limitMs = FAIR_FACTOR * equal.p99Ms + longestRunMs;
  return [
    {
      what: 'p99 of short texts beside a greedy client',
      wanted: `at most ${ms(limitMs)}: twice that of equal clients, plus a run`,
      measured: ms(besideGreedy.p99Ms),
      reached: besideGreedy.p99Ms <= limitMs,
    },
    noneFailed('their requests without a good answer', besideGreedy.failed),
  ];
}

/** The condition for exit code 0, on any machine: nothing but 200, 429 and a few 504, and the polite clients are served. */
export const overloadIsRight = (results: readonly Goodput[], { besideGreedy }: Fairness): boolean =>
  results.every(({ overload }) => overload.okPerS > 0 && overload.refusedPerS > 0) &&
  besideGreedy.requests > 0;

function goodputTable(results: readonly Goodput[]): string {
  return table(
    [
      'version, machine',
      'peak, 200/s',
      'offered/s',
      '200/s',
      '429/s',
      '504/s',
      'other/s',
      'live p50',
      'live p99',
    ],
    results.map((result) => {
      const { peak, overload, live } = result;
      const { okPerS, refusedPerS, expiredPerS, otherPerS } = overload;
      const offered = okPerS + refusedPerS + expiredPerS + otherPerS;
      return [
        nameOf(result),
        ...[peak.okPerS, offered, okPerS, refusedPerS].map(count),
        expiredPerS.toFixed(1),
        otherPerS.toFixed(1),
        ms(live.p50Ms),
        ms(live.p99Ms),
      ];
    }),
  );
}

/** Where the processor time went, as cores: the goodput that is missing is what refusals and the generator took. */
function coresTable(results: readonly Goodput[]): string {
  return table(
    ['version, machine, load', 'generator', 'main process', 'workers', '200/s per core of the workers'],
    results.flatMap((result) =>
      (['peak', 'overload'] as const).map((load) => {
        const { generatorCores, mainCores, workerCores, okPerS } = result[load];
        const cores = [generatorCores, mainCores, workerCores].map((value) => value.toFixed(2));
        return [`${nameOf(result)}, ${load}`, ...cores, count(okPerS / workerCores)];
      }),
    ),
  );
}

function fairnessTable({ equal, besideGreedy }: Fairness): string {
  const row = (name: string, { requests, failed, p50Ms, p99Ms }: PoliteLatency): string[] => [
    name,
    count(requests),
    count(failed),
    ms(p50Ms),
    ms(p99Ms),
  ];
  return table(
    ['short texts', 'requests', 'failed', 'p50', 'p99'],
    [row('of five equal clients', equal), row('of four, beside a greedy one', besideGreedy)],
  );
}

export function overloadSection(results: readonly Goodput[], fairness: Fairness, machine: Machine): string {
  const goodput = `A service with default settings and no cache. The peak is what ${String(PEAK_CONNECTIONS)} connections reach that send the next text when the
answer has come. Then ${count(OVERLOAD_CONNECTIONS)} connections send texts, each after a pause at random, so that together they offer
${String(OFFERED)} times the peak, and ignore \`retry-after\`; what is not offered is left out where the generator itself finds no
processor. Busy: beside ${String(BUSY_LOOPS)} processes that only count. Codes are those of \`serin_requests_total\`; \`other\` are requests
whose client left at the end of the load.`;
  const shares = `Five clients behind a trusted proxy. Four send short texts (v2) at ${fairness.perSecond.toFixed(0)} requests/s each, a sixth of the peak, at random moments; latency
counts from the moment that a request was due. The fifth does the same, or it sends batches of 256 texts of 256 tokens over
8 connections without a pause: ${count(fairness.greedyTextsPerS)} of its texts were answered per second. A run of its texts takes
${ms(fairness.longestRunMs)}.`;
  const targets = [...goodputTargets(results), ...fairnessTargets(fairness)];
  return sectionOf('Beyond capacity', '--overload', machine, targets, [
    goodput,
    goodputTable(results),
    `Cores that each part used. The generator shares them with the service: at the peak, where answers come in groups, it needs
few; a request that comes alone costs it and the service a wake-up each.`,
    coresTable(results),
    shares,
    fairnessTable(fairness),
  ]);
}
