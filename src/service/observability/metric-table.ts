import type { Counter, Gauge } from 'prom-client';
import { counter, gauge, histogram, type MetricRow } from './metric-rows.js';
import { MetricSources } from './metric-sources.js';
import { BY_VERSION, Tallies } from './tallies.js';

/** The names of the service's own metrics; prom-client adds process and event-loop metrics under the same prefix. */
export const METRIC = {
  requests: 'serin_requests_total',
  requestSeconds: 'serin_request_duration_seconds',
  stageSeconds: 'serin_stage_duration_seconds',
  untrustedProxy: 'serin_untrusted_proxy',
  texts: 'serin_texts_total',
  textErrors: 'serin_text_errors_total',
  truncatedTexts: 'serin_truncated_texts_total',
  batchTexts: 'serin_batch_texts',
  batchPaddedTokens: 'serin_batch_padded_tokens',
  batchSeconds: 'serin_batch_duration_seconds',
  queuedTexts: 'serin_queued_texts',
  runningTexts: 'serin_running_texts',
  workers: 'serin_workers',
  connectionsRefused: 'serin_connections_refused_total',
  workerRestarts: 'serin_worker_restarts_total',
  versionState: 'serin_version_state',
  versionMemoryBytes: 'serin_version_memory_bytes',
  versionLoadSeconds: 'serin_version_load_seconds',
  cacheHits: 'serin_cache_hits_total',
  cacheMisses: 'serin_cache_misses_total',
  cacheJoins: 'serin_cache_joins_total',
  cacheRemovals: 'serin_cache_removals_total',
  cacheEntries: 'serin_cache_entries',
  cacheBytes: 'serin_cache_bytes',
  cacheLookupSeconds: 'serin_cache_memory_lookup_duration_seconds',
  redisUp: 'serin_redis_up',
  redisRefuses: 'serin_redis_refuses_writes',
  redisErrors: 'serin_redis_errors_total',
  redisLookups: 'serin_redis_lookups_total',
  redisLookupSeconds: 'serin_redis_lookup_duration_seconds',
  redisDroppedWrites: 'serin_redis_dropped_writes_total',
  redisBreakerState: 'serin_redis_breaker_state',
  comparisons: 'serin_comparison_texts_total',
  comparisonSkipped: 'serin_comparison_skipped_total',
  feedbackLabels: 'serin_feedback_labels_total',
  feedbackKpis: 'serin_feedback_kpis_total',
  feedbackKpiSum: 'serin_feedback_kpi_sum',
  canaryPercent: 'serin_canary_percent',
  canaryInFlight: 'serin_canary_in_flight_texts',
  canaryUnjudged: 'serin_canary_unjudged',
  rolloutPhase: 'serin_rollout_phase',
  rolloutVerdict: 'serin_rollout_verdict',
  rolloutMoves: 'serin_rollout_moves_total',
} as const;

/**
 * Seconds. The buckets are 1 ms apart up to 10 ms, where nearly all answers of a small model lie; above they grow by
 * about a half. A quantile computed from them is wrong by at most 1 ms below 10 ms, and by a third above.
 */
const LATENCY_BUCKETS_S = [
  0.0005, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008, 0.009, 0.01, 0.0125, 0.015, 0.02, 0.03,
  0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2, 5,
];

/** Seconds: hashing a text and looking it up in this process' memory takes microseconds. */
const MEMORY_BUCKETS_S = [0.000005, 0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.005];

/** Seconds: from a round trip within one network to slightly more than the deadline of a look-up. */
const REDIS_BUCKETS_S = [
  0.0001, 0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.0075, 0.01,
];

/**
 * All of the service's own metrics with their labels. The values of a label are bounded: routes are templates, models
 * and versions are folders of the registry, and codes come from the error table. No value comes from a client.
 */
export const METRIC_TABLE: readonly MetricRow[] = [
  counter({
    name: METRIC.requests,
    help: 'HTTP requests by outcome; code names the error, empty where there was none; status is 499 when the client left before the answer.',
    labelNames: ['route', ...BY_VERSION, 'status', 'code'],
    inject: [Tallies],
    collect(this: Counter, tallies: Tallies) {
      tallies.requests.flush(this);
    },
  }),
  histogram({
    name: METRIC.requestSeconds,
    help: 'Time from the first byte of a request to the end of its answer.',
    labelNames: ['route', ...BY_VERSION],
    buckets: LATENCY_BUCKETS_S,
  }),
  histogram({
    name: METRIC.stageSeconds,
    help: 'Time of an answer per stage (receive, cache, join, queue, transfer, tokenize, inference, event_loop, serialise), which add up to the whole; of a batch request its slowest text. Not of what memory answered.',
    labelNames: ['stage', ...BY_VERSION],
    buckets: LATENCY_BUCKETS_S,
  }),
  gauge({
    name: METRIC.untrustedProxy,
    help: '1 once a proxy has forwarded the address of a caller without a key while TRUST_PROXY is unset: all its callers are one client.',
  }),
  counter({
    name: METRIC.texts,
    help: 'Texts answered.',
    labelNames: BY_VERSION,
    inject: [Tallies],
    collect(this: Counter, tallies: Tallies) {
      tallies.texts.flush(this);
    },
  }),
  counter({
    name: METRIC.textErrors,
    help: 'Texts that got an error in the place of an answer, by code. Texts of a request that was refused as a whole are none: that request counts in serin_requests_total.',
    labelNames: ['code'],
    inject: [Tallies],
    collect(this: Counter, tallies: Tallies) {
      tallies.textErrors.flush(this);
    },
  }),
  counter({
    name: METRIC.truncatedTexts,
    help: "Texts that were longer than the version's max_tokens and were cut.",
    labelNames: BY_VERSION,
    inject: [Tallies],
    collect(this: Counter, tallies: Tallies) {
      tallies.truncatedTexts.flush(this);
    },
  }),
  histogram({
    name: METRIC.batchTexts,
    help: 'Texts per message to a worker.',
    labelNames: BY_VERSION,
    buckets: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64],
  }),
  histogram({
    name: METRIC.batchPaddedTokens,
    help: 'Padded tokens (rows × longest row) per message to a worker.',
    labelNames: BY_VERSION,
    buckets: [16, 32, 64, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096],
  }),
  histogram({
    name: METRIC.batchSeconds,
    help: 'Time of one message to a worker per stage (tokenize, inference), measured in the worker.',
    labelNames: ['stage', ...BY_VERSION],
    buckets: LATENCY_BUCKETS_S,
  }),
  gauge({
    name: METRIC.queuedTexts,
    help: 'Texts admitted that wait for a worker.',
    inject: [MetricSources],
    collect(this: Gauge, sources: MetricSources) {
      this.set(sources.queueDepth().queuedTexts);
    },
  }),
  gauge({
    name: METRIC.runningTexts,
    help: 'Texts handed to a worker and not yet answered.',
    inject: [MetricSources],
    collect(this: Gauge, sources: MetricSources) {
      this.set(sources.queueDepth().runningTexts);
    },
  }),
  gauge({
    name: METRIC.workers,
    help: 'Worker processes: wanted, ready to infer, and ready as spares.',
    labelNames: ['state'],
    inject: [MetricSources],
    collect(this: Gauge, sources: MetricSources) {
      const workers = sources.workers();
      this.set({ state: 'wanted' }, workers.wanted);
      this.set({ state: 'ready' }, workers.ready);
      this.set({ state: 'spare' }, workers.spareReady);
    },
  }),
  counter({
    name: METRIC.connectionsRefused,
    help: 'Connections closed unserved, because the limit of open files leaves no room for them.',
  }),
  counter({
    name: METRIC.workerRestarts,
    help: 'Worker processes replaced, by reason.',
    labelNames: ['reason'],
  }),
  gauge({
    name: METRIC.versionState,
    help: '1 for the state that a version is in, 0 for those that it has left.',
    labelNames: [...BY_VERSION, 'state'],
  }),
  gauge({
    name: METRIC.versionMemoryBytes,
    help: 'Memory that one worker process is estimated to need for a version; 0 once it is unloaded.',
    labelNames: BY_VERSION,
  }),
  gauge({
    name: METRIC.versionLoadSeconds,
    help: 'How long the last load of a version while serving took, from its verification to the last worker.',
    labelNames: BY_VERSION,
  }),
  counter({
    name: METRIC.cacheHits,
    help: 'Texts answered from a cache, by level (memory, redis).',
    labelNames: ['level'],
    inject: [Tallies],
    collect(this: Counter, tallies: Tallies) {
      tallies.cacheHits.flush(this);
    },
  }),
  counter({
    name: METRIC.cacheMisses,
    help: 'Texts that no cache had and that were given a computation; refreshes (no-cache) are none.',
  }),
  counter({
    name: METRIC.cacheJoins,
    help: 'Texts that joined the computation of an equal text, also when the cache is off.',
  }),
  counter({
    name: METRIC.cacheRemovals,
    help: 'Entries that left memory: evicted for want of room, expired, or purged.',
    labelNames: ['reason'],
  }),
  gauge({
    name: METRIC.cacheEntries,
    help: 'Entries in memory; expired ones count until somebody asks for them or they are evicted.',
    inject: [MetricSources],
    collect(this: Gauge, sources: MetricSources) {
      this.set(sources.cache().entries);
    },
  }),
  gauge({
    name: METRIC.cacheBytes,
    help: 'Estimated heap bytes of the entries in memory.',
    inject: [MetricSources],
    collect(this: Gauge, sources: MetricSources) {
      this.set(sources.cache().bytes);
    },
  }),
  histogram({
    name: METRIC.cacheLookupSeconds,
    help: 'Time to hash the texts of a request and to ask the memory for them.',
    buckets: MEMORY_BUCKETS_S,
  }),
  gauge({
    name: METRIC.redisUp,
    help: '1 while the connection to Redis is up, 0 while it is not; absent without REDIS_URL.',
    labelNames: ['link'],
  }),
  gauge({
    name: METRIC.redisRefuses,
    help: '1 while Redis answers and takes no writes, because it is full or read_only; absent without REDIS_URL.',
    labelNames: ['why'],
  }),
  counter({
    name: METRIC.redisErrors,
    help: 'What failed with Redis: an attempt to connect, a connection that was lost, a command, a write that was refused because Redis is full or read-only.',
    labelNames: ['failure'],
  }),
  counter({
    name: METRIC.redisLookups,
    help: 'Look-ups in the second cache level: answered, too_late, failed, refused by the breaker, away.',
    labelNames: ['outcome'],
  }),
  histogram({
    name: METRIC.redisLookupSeconds,
    help: 'How long a request waited for the second cache level.',
    buckets: REDIS_BUCKETS_S,
  }),
  counter({
    name: METRIC.redisDroppedWrites,
    help: 'Entries not written to the second cache level: backlog is full, failed, refused (Redis is full or read-only), unfit (too large), away.',
    labelNames: ['reason'],
  }),
  gauge({
    name: METRIC.redisBreakerState,
    help: "1 for the state that the second cache level's breaker is in: closed, open, half_open.",
    labelNames: ['state'],
  }),
  counter({
    name: METRIC.comparisons,
    help: 'Texts that both versions of a rollout answered: pair, or repeat when that was known from before.',
    labelNames: ['kind'],
  }),
  counter({
    name: METRIC.comparisonSkipped,
    help: 'Texts that were not given to the other version, by reason; docs/comparison.md explains each.',
    labelNames: ['reason'],
  }),
  counter({
    name: METRIC.feedbackLabels,
    help: 'Answers whose true label became known, and whether it was the one given.',
    labelNames: [...BY_VERSION, 'correct'],
  }),
  counter({
    name: METRIC.feedbackKpis,
    help: 'Answers whose business figure became known.',
    labelNames: BY_VERSION,
  }),
  gauge({
    name: METRIC.feedbackKpiSum,
    help: 'Sum of these figures, which may be below 0: divided by their number it is their mean.',
    labelNames: BY_VERSION,
  }),
  gauge({
    name: METRIC.canaryPercent,
    help: 'Share of the traffic that the canary gets now, 0 to 100; version is empty where there is none.',
    labelNames: BY_VERSION,
  }),
  gauge({
    name: METRIC.canaryInFlight,
    help: 'Texts that the canary of a model is answering; after a rollback those that drain.',
    labelNames: ['model'],
    inject: [MetricSources],
    collect(this: Gauge, sources: MetricSources) {
      for (const [model, texts] of sources.canaryInFlight()) this.set({ model }, texts);
    },
  }),
  gauge({
    name: METRIC.canaryUnjudged,
    help: '1 while a canary answers users and none of its answers in this step was compared, after 200 answers; else 0.',
    labelNames: ['model'],
  }),
  gauge({
    name: METRIC.rolloutPhase,
    help: '1 for the phase that a rollout is in (idle, running, paused, promoted, rolled_back), 0 for those that it has left.',
    labelNames: ['model', 'phase'],
  }),
  gauge({
    name: METRIC.rolloutVerdict,
    help: '1 for what the gates say now (promote, hold, roll_back, not_enough_data), 0 for what they said before.',
    labelNames: ['model', 'verdict'],
  }),
  counter({
    name: METRIC.rolloutMoves,
    help: 'Moves of a rollout by cause: admin, gate, ramp, configuration, environment, recovery.',
    labelNames: ['model', 'move', 'cause'],
  }),
];
