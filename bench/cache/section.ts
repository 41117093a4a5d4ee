import { TARGET_CONNECTIONS } from '../base/plan.js';
import { count, ms, ratio, table } from '../report/format.js';
import type { Machine } from '../report/machine.js';
import { sectionOf, type Target } from '../report/section.js';
import type { HitRate } from './hit-rate.js';
import type { HeldHits, HitFigures, HitsReport } from './hits.js';
import { NEW_EVERY } from './mixed-load.js';
import { CACHED_TEXTS, LATENCY_CONNECTIONS, type CachePlan } from './plan.js';
import type { Phase, RedisOutage } from './redis-outage.js';
import type { SingleFlight } from './single-flight.js';

export interface CacheReport {
  readonly plan: CachePlan;
  readonly hits: HitsReport;
  readonly hitRate: HitRate;
  readonly singleFlight: SingleFlight;
  readonly redis: RedisOutage;
}

const LEAST_RATE = 0.75;
const P50_RATIO_LIMIT = 1.4;
const HIT_RATE_POINTS = 1;
const OUTAGE_P99_LIMIT = 2;

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

function hitTargets({ hits }: CacheReport): Target[] {
  const rate = (what: string, { rate: measured }: HeldHits): Target => ({
    what: `requests/s of hits (${what}) at ${TARGET_CONNECTIONS} connections as a share of the bare handler's`,
    wanted: `at least ${ratio(LEAST_RATE)}`,
    measured: ratio(measured),
    reached: measured >= LEAST_RATE,
  });
  const { p50Ratio } = hits.manyTextsFew;
  return [
    rate('one text', hits.oneText),
    rate(`${count(CACHED_TEXTS)} texts`, hits.manyTexts),
    {
      what: `p50 of a hit at ${LATENCY_CONNECTIONS} connections over the bare handler's`,
      wanted: `at most ${ratio(P50_RATIO_LIMIT)}`,
      measured: ratio(p50Ratio),
      reached: p50Ratio <= P50_RATIO_LIMIT,
    },
  ];
}

function hitRateTarget({ hitRate }: CacheReport): Target {
  const { observed, ideal, differencePoints, requests, failed } = hitRate;
  return {
    what: `hit rate on a Zipf trace of ${count(requests)} requests, against the ideal LRU's`,
    wanted: `within ${HIT_RATE_POINTS} percentage point`,
    measured: `${percent(observed)} against ${percent(ideal)}: ${differencePoints.toFixed(2)} points`,
    reached: Math.abs(differencePoints) <= HIT_RATE_POINTS && failed === 0,
  };
}

function singleFlightTarget({ singleFlight }: CacheReport): Target {
  const { texts, answered, inferences, mostPerText } = singleFlight;
  return {
    what: `inferences for ${TARGET_CONNECTIONS} concurrent requests of one new text (${count(texts)} texts in turn)`,
    wanted: 'exactly one each',
    measured: `${count(inferences)} for ${count(texts)} texts`,
    reached: inferences === texts && mostPerText === 1 && answered === texts * TARGET_CONNECTIONS,
  };
}

function redisTargets({ redis }: CacheReport): Target[] {
  const { up, down, back, p99Ratio } = redis;
  const failed = up.failed + down.failed + back.failed;
  return [
    {
      what: `Redis killed ${count(redis.outages)} times and started again, ${TARGET_CONNECTIONS} connections: requests without a good answer`,
      wanted: '0',
      measured: `${count(failed)} of ${count(up.requests + down.requests + back.requests)}`,
      reached: failed === 0,
    },
    {
      what: 'p99 while Redis is down over that before',
      wanted: `at most ${ratio(OUTAGE_P99_LIMIT)}`,
      measured: ratio(p99Ratio),
      reached: p99Ratio <= OUTAGE_P99_LIMIT,
    },
  ];
}

export function cacheTargets(report: CacheReport): Target[] {
  return [...hitTargets(report), hitRateTarget(report), singleFlightTarget(report), ...redisTargets(report)];
}

/** The condition for exit code 0, on any machine: nothing fails, hits are hits, and a text is computed once. */
export function cacheIsRight(report: CacheReport): boolean {
  const { hits, hitRate, redis } = report;
  const failed = hits.failed + hitRate.failed + redis.up.failed + redis.down.failed + redis.back.failed;
  return failed === 0 && hits.computed === 0 && singleFlightTarget(report).reached;
}

function hitsTable({ hits }: CacheReport): string {
  const cells = ({ requestsPerS, p50Ms, p99Ms, cpuUs }: HitFigures): string[] => [
    count(requestsPerS),
    ms(p50Ms),
    ms(p99Ms),
    `${count(cpuUs)} µs`,
  ];
  const bare = (name: string, connections: number, figures: HitFigures): string[] => [
    name,
    String(connections),
    ...cells(figures),
    '',
    '',
  ];
  const held = (name: string, connections: number, figures: HeldHits): string[] => [
    name,
    String(connections),
    ...cells(figures),
    ratio(figures.rate),
    `${ratio(figures.lowestRate)} to ${ratio(figures.highestRate)}`,
  ];
  const many = `hits, ${count(CACHED_TEXTS)} texts`;
  return table(
    ['', 'connections', 'req/s', 'p50', 'p99', 'processor time per request', 'of the bare handler', 'rounds'],
    [
      bare('bare handler', TARGET_CONNECTIONS, hits.bare),
      held('hits, one text', TARGET_CONNECTIONS, hits.oneText),
      held(many, TARGET_CONNECTIONS, hits.manyTexts),
      bare('bare handler', LATENCY_CONNECTIONS, hits.bareFew),
      held(many, LATENCY_CONNECTIONS, hits.manyTextsFew),
    ],
  );
}

function redisTable({ redis }: CacheReport): string {
  const row = (name: string, { requests, failed, p50Ms, p99Ms }: Phase): string[] => [
    name,
    count(requests),
    count(failed),
    ms(p50Ms),
    ms(p99Ms),
  ];
  return table(
    ['Redis', 'requests', 'failed', 'p50', 'p99'],
    [
      row('up', redis.up),
      row('from the kill on', redis.down),
      row('from its start until the service has it back', redis.back),
    ],
  );
}

function method({ plan, hits, hitRate, redis }: CacheReport): string {
  return `- **Bare handler**: a Nest application on Express that parses the body, validates the same fields by the same rules with
  Nest's ValidationPipe, and returns a constant; it logs and counts nothing, and has no request id. The service runs with its default
  settings, its log written to a file. In ${plan.rounds} round${plan.rounds === 1 ? '' : 's'} of ${plan.loadS} s per load, each load of the service runs between two of the bare
  handler, and each ratio is that to their mean; figures are medians. During the loads of hits the service computed
  ${count(hits.computed)} texts. wrk with one thread runs on the same cores, for both alike.
- **Zipf trace**: \`serin replay --sample zipf --n ${plan.traceRequests}\`, sent by \`serin replay\` at 8 connections to an empty cache of
  ${count(hitRate.cacheItems)} answers; it has ${count(hitRate.distinctTexts)} distinct texts. The ideal LRU is computed on the same requests, as if answers took no time.
- **New texts**: counted by \`serin_batch_texts_sum\`, what workers computed.
- **Redis**: a real redis-server, killed by SIGKILL and started empty on the same port. ${NEW_EVERY - 1} of ${NEW_EVERY} requests repeat one of
  ${count(CACHED_TEXTS)} texts, one brings a new text, which is looked up in Redis, computed, and written to Redis. It was back in use after
  ${ms(redis.backAfterMs)} at most.`;
}

/** The section of docs/benchmarks.md about the cache. */
export function cacheSection(report: CacheReport, machine: Machine): string {
  return sectionOf('Cache', '--cache', machine, cacheTargets(report), [
    method(report),
    hitsTable(report),
    redisTable(report),
  ]);
}
