import { RequestFailed, unusable } from '../client/request-failed.js';
import { findServedModel, findServedVersion } from '../client/served-version.js';
import { ServiceClient, type ServedModel } from '../client/service-client.js';
import { saySeldom } from '../../base/say-seldom.js';
import { StartError } from '../../base/errors/start-error.js';
import { compareWithIdeal, isHit } from './compare-with-ideal.js';
import { HitCurve, sizingOf } from './hit-curve.js';
import { outcomeOf } from './exchange-figures.js';
import { PredictSender } from '../traffic/predict-sender.js';
import type { Exchange } from '../traffic/reply.js';
import type { ReplayReport } from './replay-report.js';
import { fixedRate, recordedTimes, type Schedule } from '../traffic/schedule.js';
import { sendAll } from '../traffic/send-all.js';
import { stackDistances } from './stack-distance.js';
import { readTrace, type Trace } from '../traffic/trace.js';
import { entryBytes } from '../../engine/tasks/entry-bytes.js';
import { LABEL_CODEC } from '../../engine/tasks/label-codec.js';
import { percent } from '../../base/format.js';

/** Longer than a restart takes. */
const GONE_AFTER_MS = 10_000;

export interface ReplayOptions {
  /** JSONL file; `-` for stdin. */
  readonly input: string;
  readonly url: string;
  readonly apiKey: string | null;
  /** Undefined: the service's default model, and the version that its rollout picks. */
  readonly model: string | undefined;
  readonly version: string | undefined;
  readonly textField: string;
  readonly timeField: string;
  /** Requests per second; null: not at a fixed rate. */
  readonly ratePerS: number | null;
  /** How much faster than the times of the trace; null: not at these times. */
  readonly speed: number | null;
  readonly connections: number;
  /** Most requests to send. */
  readonly limit: number;
  /** Size of the ideal cache. */
  readonly cacheItems: number;
  readonly signal: AbortSignal;
  /** Called with a sentence, from time to time. */
  readonly say: (sentence: string) => void;
}

/**
 * Replays a trace against a running service and compares its cache with an ideal one.
 * @throws StartError when the trace or the service cannot be used; AbortError when interrupted before the first
 *   request. Interrupted later, the report is that of the requests so far.
 */
export async function replay(options: ReplayOptions): Promise<ReplayReport> {
  const { input, url, speed, signal, say } = options;
  const model = findServedModel(await new ServiceClient(options).models(), options.model);
  if (options.version !== undefined) findServedVersion(model, options.version);
  const trace = await readTrace({ ...options, timeField: speed === null ? null : options.timeField });
  say(`sending ${trace.ids.length} requests (${trace.texts.length} different texts) to ${url}`);
  const sender = new PredictSender(options);
  const exchanges: Exchange[] = [];
  const progress = progressOf(say, trace.ids.length);
  const schedule = scheduleOf(trace, options);
  const refused = new AbortController();
  const ended = await sendAll({
    requests: trace.ids.length,
    connections: options.connections,
    schedule,
    goneAfterMs: GONE_AFTER_MS,
    send: (index) => sender.send(trace.texts[trace.ids[index] ?? 0] ?? ''),
    signal: AbortSignal.any([signal, refused.signal]),
    onExchange: (exchange) => {
      exchanges.push(exchange);
      progress(exchange);
      // The routes that a key guards begin here, and the next request would be refused as well.
      if (!exchange.reply.ok && exchange.reply.code === 'UNAUTHENTICATED') refused.abort();
    },
  });
  sender.close();
  if (refused.signal.aborted)
    throw unusable(new RequestFailed(401, 'UNAUTHENTICATED', 'refused'), options.apiKey);
  if (exchanges.every(({ reply }) => !reply.ok && reply.code === 'UNREACHABLE')) {
    signal.throwIfAborted();
    throw new StartError(`No request reached ${url}.`);
  }
  return {
    input,
    url,
    model: model.model_name,
    version: options.version ?? null,
    load: { connections: options.connections, rate_per_s: options.ratePerS, speed },
    ended,
    lines: trace.lines,
    unreadable_lines: trace.badLines,
    first_unreadable: trace.firstBadLines,
    not_sent: trace.ids.length - exchanges.length,
    ...analyse(exchanges, trace, { ...options, scheduled: schedule !== null, bytes: entryBytesOf(model) }),
  };
}

function scheduleOf({ timesMs }: Trace, { ratePerS, speed }: ReplayOptions): Schedule | null {
  if (ratePerS !== null) return fixedRate(ratePerS);
  return timesMs === null || speed === null ? null : recordedTimes(timesMs, speed);
}

/**
 * Only answered requests enter the comparison, in the order of the trace: an error is cached nowhere.
 * @param exchanges in the order in which they ended
 */
function analyse(
  exchanges: readonly Exchange[],
  { ids }: Trace,
  { cacheItems, scheduled, bytes }: { cacheItems: number; scheduled: boolean; bytes: number },
): Pick<ReplayReport, 'ideal_lru' | 'sizing'> & ReturnType<typeof outcomeOf> {
  const sent = [...exchanges].sort((a, b) => a.index - b.index);
  const answered = sent.filter(({ reply }) => reply.ok);
  const distances = stackDistances(answered.map(({ index }) => ids[index] ?? 0));
  const curve = new HitCurve(distances);
  const idealHits = new Set(
    answered.filter((_, i) => (distances[i] ?? 0) > 0 && (distances[i] ?? 0) <= cacheItems),
  );
  return {
    ...outcomeOf(sent, (exchange) => idealHits.has(exchange), scheduled),
    ideal_lru: compareWithIdeal(answered, ids, distances, { curve, entries: cacheItems }),
    sizing: sizingOf(curve, cacheItems, bytes),
  };
}

/** Estimated heap bytes of one entry of a service's cache in memory: it holds the scores of all labels, and no text. */
function entryBytesOf({ versions }: ServedModel): number {
  const labels = Math.max(0, ...versions.map((version) => version.labels?.length ?? 0));
  return entryBytes(LABEL_CODEC, { scores: new Array<number>(labels).fill(0) });
}

/** Says how far a replay is, every few seconds. */
function progressOf(say: (sentence: string) => void, total: number): (exchange: Exchange) => void {
  const startedAt = performance.now();
  const tell = saySeldom(say);
  let [done, hits, failed] = [0, 0, 0];
  return (exchange) => {
    done++;
    if (isHit(exchange)) hits++;
    if (!exchange.reply.ok) failed++;
    tell(() => {
      const rate = Math.round((1000 * done) / (performance.now() - startedAt));
      const share = percent(hits / Math.max(1, done - failed));
      return `${done} of ${total} requests, ${rate}/s, hit rate ${share}, ${failed} failed`;
    });
  };
}
