import { PredictSender, type SenderOptions } from '../../traffic/predict-sender.js';
import type { Exchange } from '../../traffic/reply.js';
import { fixedRate } from '../../traffic/schedule.js';
import { sendAll, type SendEnd } from '../../traffic/send-all.js';
import type { PartRecorder } from './part-recorder.js';

export interface TrafficOptions extends SenderOptions {
  /** Names the users of this drill. */
  readonly run: string;
  /** Sent in order, again and again. */
  readonly texts: readonly string[];
  /** Requests per second, whatever the service makes of them. */
  readonly ratePerS: number;
}

/** A request that ended while the traffic was being watched; times of performance.now(). */
export interface WatchedRequest {
  readonly sentAt: number;
  readonly endedAt: number;
  /** Of the model; null when it failed. */
  readonly version: string | null;
}

/** A service that restarts is waited for; one that has been silent for so long is gone. */
const GONE_AFTER_MS = 10_000;

/** Requests of a steady stream of users, each counted in the part of the drill in which it was sent. */
export class DrillTraffic {
  readonly ended: Promise<SendEnd>;
  private readonly stopping = new AbortController();
  private readonly sender: PredictSender;
  private readonly underway = new Map<
    number,
    { readonly sentAt: number; readonly part: PartRecorder | null }
  >();
  private part: PartRecorder | null = null;
  private watched: WatchedRequest[] | null = null;

  constructor(private readonly options: TrafficOptions) {
    this.sender = new PredictSender(options);
    this.ended = sendAll({
      requests: Infinity,
      connections: options.connections,
      schedule: fixedRate(options.ratePerS),
      send: (index) => this.send(index),
      goneAfterMs: GONE_AFTER_MS,
      signal: this.stopping.signal,
      onExchange: (exchange) => {
        this.record(exchange);
      },
    });
  }

  /** Requests sent from now on count in this recorder; null: in none. */
  countIn(part: PartRecorder | null): void {
    this.part?.end();
    this.part = part;
  }

  /** Keeps every request that ends from now on. @returns what was kept, when it is called */
  watch(): () => readonly WatchedRequest[] {
    const watched: WatchedRequest[] = [];
    this.watched = watched;
    return () => {
      this.watched = null;
      return watched;
    };
  }

  /** Stops sending and waits for the requests in flight. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.ended;
    this.sender.close();
  }

  private send(index: number): ReturnType<PredictSender['send']> {
    const { texts, run } = this.options;
    this.underway.set(index, { sentAt: performance.now(), part: this.part });
    return this.sender.send(texts[index % texts.length] ?? '', routingKey(run, index));
  }

  private record({ index, latencyMs, reply }: Exchange): void {
    const sent = this.underway.get(index);
    this.underway.delete(index);
    if (sent === undefined) return;
    sent.part?.record(routingKey(this.options.run, index), reply, latencyMs);
    const version = reply.ok ? reply.version : null;
    this.watched?.push({ sentAt: sent.sentAt, endedAt: performance.now(), version });
  }
}

/** So many users are about at the same time, */
const BLOCK = 50;
/** and each sends so many requests before the next ones come. */
const VISITS = 3;

/**
 * Who the request at this place of a drill is for. Users come again while others are served in between, which is what
 * a sticky canary is about; with one new user per three requests there are enough of them to check its share by.
 * @param run names the drill: other users each time
 */
export function routingKey(run: string, index: number): string {
  const block = Math.floor(index / (BLOCK * VISITS));
  return `${run}-${block * BLOCK + (index % BLOCK)}`;
}
