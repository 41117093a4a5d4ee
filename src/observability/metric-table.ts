import { makeCounterProvider, makeGaugeProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { MetricSources } from './metric-sources.js';

/** Names of every metric of ours; process and event loop metrics come from prom-client under the same prefix. */
export const METRIC = {
  requests: 'serin_requests_total',
  requestSeconds: 'serin_request_duration_seconds',
  stageSeconds: 'serin_stage_duration_seconds',
  texts: 'serin_texts_total',
  truncatedTexts: 'serin_truncated_texts_total',
  batchTexts: 'serin_batch_texts',
  batchPaddedTokens: 'serin_batch_padded_tokens',
  batchSeconds: 'serin_batch_duration_seconds',
  queuedTexts: 'serin_queued_texts',
  runningTexts: 'serin_running_texts',
  workers: 'serin_workers',
  workerRestarts: 'serin_worker_restarts_total',
  versionState: 'serin_version_state',
} as const;

/**
 * Seconds. 1 ms apart up to 10 ms, where nearly every answer of a small model lies, then growing by about a
 * half: a quantile read from them is off by 1 ms below 10 ms and by a third above.
 */
const LATENCY_BUCKETS_S = [
  0.0005, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008, 0.009, 0.01, 0.0125, 0.015, 0.02, 0.03,
  0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2, 5,
];

const BY_VERSION = ['model', 'version'];

/**
 * Every metric of ours with its labels. A label's values are bounded: routes are templates, models and
 * versions are folders of the registry, codes come from the error table; nothing that a client invents.
 */
export const METRIC_PROVIDERS = [
  makeCounterProvider({
    name: METRIC.requests,
    help: 'HTTP requests by outcome; code names the error, empty where there was none; status is 499 when the client left before the answer.',
    labelNames: ['route', ...BY_VERSION, 'status', 'code'],
  }),
  makeHistogramProvider({
    name: METRIC.requestSeconds,
    help: 'Time from the first byte of a request to the end of its answer.',
    labelNames: ['route', ...BY_VERSION],
    buckets: LATENCY_BUCKETS_S,
  }),
  makeHistogramProvider({
    name: METRIC.stageSeconds,
    help: 'Time of a request per stage (queue, tokenize, inference); of a batch request its slowest text.',
    labelNames: ['stage', ...BY_VERSION],
    buckets: LATENCY_BUCKETS_S,
  }),
  makeCounterProvider({ name: METRIC.texts, help: 'Texts answered.', labelNames: BY_VERSION }),
  makeCounterProvider({
    name: METRIC.truncatedTexts,
    help: "Texts that were longer than the version's max_tokens and were cut.",
    labelNames: BY_VERSION,
  }),
  makeHistogramProvider({
    name: METRIC.batchTexts,
    help: 'Texts per message to a worker.',
    labelNames: BY_VERSION,
    buckets: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64],
  }),
  makeHistogramProvider({
    name: METRIC.batchPaddedTokens,
    help: 'Padded tokens (rows × longest row) per message to a worker.',
    labelNames: BY_VERSION,
    buckets: [16, 32, 64, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096],
  }),
  makeHistogramProvider({
    name: METRIC.batchSeconds,
    help: 'Time of one message to a worker per stage (tokenize, inference), measured in the worker.',
    labelNames: ['stage', ...BY_VERSION],
    buckets: LATENCY_BUCKETS_S,
  }),
  makeGaugeProvider({
    name: METRIC.queuedTexts,
    help: 'Texts admitted that wait for a worker.',
    inject: [MetricSources],
    collect(this: Gauge, sources: MetricSources) {
      this.set(sources.queueDepth().queuedTexts);
    },
  }),
  makeGaugeProvider({
    name: METRIC.runningTexts,
    help: 'Texts handed to a worker and not yet answered.',
    inject: [MetricSources],
    collect(this: Gauge, sources: MetricSources) {
      this.set(sources.queueDepth().runningTexts);
    },
  }),
  makeGaugeProvider({
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
  makeCounterProvider({
    name: METRIC.workerRestarts,
    help: 'Worker processes replaced, by reason.',
    labelNames: ['reason'],
  }),
  makeGaugeProvider({
    name: METRIC.versionState,
    help: '1 for the state that a version is in, 0 for those that it has left.',
    labelNames: [...BY_VERSION, 'state'],
  }),
];
