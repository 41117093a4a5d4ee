import { randomArrivals, recordedTimes } from '../traffic/schedule.js';
import { seededRandom } from '../../base/seeded-random.js';
import { sendAll, type SendEnd } from '../traffic/send-all.js';
import type { BenchExchange, BenchReply } from './read-answer.js';
import type { Load } from './loads.js';

/** Maximum of requests in flight; a service with so many waiting requests is far beyond its capacity. */
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
  /** That count, in the order in which they ended: of this window, however late their answers came. */
  readonly exchanges: readonly BenchExchange[];
  /** Good answers that came within the window, whenever their requests were sent: what was answered in its time. */
  readonly answeredInTime: number;
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

type Run = Pick<Slice, 'ended' | 'exchanges' | 'answeredInTime'>;

/** Records the requests of a slice that count. */
class Window {
  readonly exchanges: BenchExchange[] = [];
  answeredInTime = 0;
  readonly untilMs: number;

  constructor(sliceMs: number) {
    this.untilMs = SETTLE_MS + sliceMs;
  }

  /** @param counts whether it is a request of this window */
  add(exchange: BenchExchange, counts: boolean): void {
    const endedMs = endOf(exchange);
    if (exchange.reply.ok && endedMs >= SETTLE_MS && endedMs < this.untilMs) this.answeredInTime++;
    if (counts) this.exchanges.push(exchange);
  }
}

const endOf = ({ sentMs, lateMs, latencyMs }: BenchExchange): number => sentMs + latencyMs - lateMs;

/**
 * What is sent within the slice counts, and is waited for: a slice that dropped what it did not see answered would
 * drop the longest. What kept its connection waiting through the whole slice counts as well, or a service that hangs
 * would have been asked nothing.
 */
async function runClosed({ sliceMs, send, signal }: SliceOptions, connections: number): Promise<Run> {
  const window = new Window(sliceMs);
  const { untilMs } = window;
  const timeIsUp = AbortSignal.timeout(untilMs);
  const ended = await sendAll({
    requests: Infinity,
    connections,
    schedule: null,
    send,
    goneAfterMs: GONE_AFTER_MS,
    signal: AbortSignal.any([signal, timeIsUp]),
    onExchange: (exchange) => {
      const { sentMs } = exchange;
      window.add(exchange, sentMs < SETTLE_MS ? endOf(exchange) >= untilMs : sentMs < untilMs);
    },
  });
  const { exchanges, answeredInTime } = window;
  return { ended: ended === 'interrupted' && !signal.aborted ? 'done' : ended, exchanges, answeredInTime };
}

/** A request scheduled within the slice counts, however late its answer comes. */
async function runOpen({ sliceMs, seed, send, signal }: SliceOptions, ratePerS: number): Promise<Run> {
  const window = new Window(sliceMs);
  const random = seededRandom(seed);
  const arrivalsIn = (fromMs: number, toMs: number): Float64Array =>
    randomArrivals(Math.max(1, Math.round((ratePerS * (toMs - fromMs)) / 1000)), fromMs, toMs, random);
  const settling = arrivalsIn(0, SETTLE_MS);
  const counted = arrivalsIn(SETTLE_MS, window.untilMs);
  const arrivals = new Float64Array(settling.length + counted.length);
  arrivals.set(settling);
  arrivals.set(counted, settling.length);
  const ended = await sendAll({
    requests: arrivals.length,
    connections: MOST_UNDER_WAY,
    schedule: recordedTimes(arrivals, 1),
    send,
    goneAfterMs: GONE_AFTER_MS,
    signal,
    onExchange: (exchange) => {
      window.add(exchange, (arrivals[exchange.index] ?? 0) >= SETTLE_MS);
    },
  });
  const { exchanges, answeredInTime } = window;
  return { ended, exchanges, answeredInTime };
}
