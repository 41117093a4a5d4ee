import { randomArrivals, recordedTimes } from '../replay/schedule.js';
import { seededRandom } from '../replay/seeded-random.js';
import { sendAll, type SendEnd } from '../replay/send-all.js';
import type { BenchExchange, BenchReply } from './answer.js';
import type { Load } from './loads.js';

/** Requests under way at most; a service that lets so many wait is far beyond what it can do. */
export const MOST_UNDER_WAY = 2048;
/** Let pass before a request counts: what the load before it left behind is gone, and batches have their size. */
export const SETTLE_MS = 200;
/** Longer than a request may take. */
const GONE_AFTER_MS = 10_000;

export interface SliceOptions {
  readonly load: Load;
  /** Without the time to settle. */
  readonly sliceMs: number;
  /** Of the arrivals. */
  readonly seed: number;
  /** Sends the next request; never rejects. */
  readonly send: () => Promise<BenchReply>;
  readonly signal: AbortSignal;
}

/** One stretch of a load. */
export interface Slice {
  readonly ended: SendEnd;
  /** That count, in the order in which they ended. */
  readonly exchanges: readonly BenchExchange[];
  readonly windowMs: number;
  /** Requests that waited for an answer at once. */
  readonly mostUnderWay: number;
  /** Processors that this process used meanwhile. */
  readonly generatorCores: number;
}

/** Runs one load for a while. */
export async function runSlice(options: SliceOptions): Promise<Slice> {
  let [underWay, mostUnderWay] = [0, 0];
  const send = async (): Promise<BenchReply> => {
    mostUnderWay = Math.max(mostUnderWay, ++underWay);
    const reply = await options.send();
    underWay--;
    return reply;
  };
  const usage = process.cpuUsage();
  const startedAt = performance.now();
  const run = await (options.load.kind === 'closed'
    ? runClosed({ ...options, send }, options.load.connections)
    : runOpen({ ...options, send }, options.load.ratePerS));
  const { user, system } = process.cpuUsage(usage);
  const generatorCores = (user + system) / 1000 / (performance.now() - startedAt);
  return { ...run, windowMs: options.sliceMs, mostUnderWay, generatorCores };
}

type Run = Pick<Slice, 'ended' | 'exchanges'>;

/** What is answered within the slice counts. */
async function runClosed({ sliceMs, send, signal }: SliceOptions, connections: number): Promise<Run> {
  const untilMs = SETTLE_MS + sliceMs;
  const timeIsUp = AbortSignal.timeout(untilMs);
  const exchanges: BenchExchange[] = [];
  const ended = await sendAll({
    requests: Infinity,
    connections,
    schedule: null,
    send,
    goneAfterMs: GONE_AFTER_MS,
    signal: AbortSignal.any([signal, timeIsUp]),
    onExchange: (exchange) => {
      const answeredMs = exchange.sentMs + exchange.latencyMs;
      if (answeredMs >= SETTLE_MS && answeredMs < untilMs) exchanges.push(exchange);
    },
  });
  return { ended: ended === 'interrupted' && !signal.aborted ? 'done' : ended, exchanges };
}

/** What was to be sent within the slice counts, however late its answer comes. */
async function runOpen({ sliceMs, seed, send, signal }: SliceOptions, ratePerS: number): Promise<Run> {
  const random = seededRandom(seed);
  const arrivalsIn = (fromMs: number, toMs: number): Float64Array =>
    randomArrivals(Math.max(1, Math.round((ratePerS * (toMs - fromMs)) / 1000)), fromMs, toMs, random);
  const settling = arrivalsIn(0, SETTLE_MS);
  const counted = arrivalsIn(SETTLE_MS, SETTLE_MS + sliceMs);
  const arrivals = new Float64Array(settling.length + counted.length);
  arrivals.set(settling);
  arrivals.set(counted, settling.length);
  const exchanges: BenchExchange[] = [];
  const ended = await sendAll({
    requests: arrivals.length,
    connections: MOST_UNDER_WAY,
    schedule: recordedTimes(arrivals, 1),
    send,
    goneAfterMs: GONE_AFTER_MS,
    signal,
    onExchange: (exchange) => {
      if ((arrivals[exchange.index] ?? 0) >= SETTLE_MS) exchanges.push(exchange);
    },
  });
  return { ended, exchanges };
}
