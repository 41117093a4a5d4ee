import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { AnyReply, Exchange, Reply } from './reply.js';
import type { Schedule } from './schedule.js';

/** A timer is a millisecond coarse: half of one too early is nearer than a whole one too late. */
const EARLY_MS = 0.5;
/** Codes of requests to which no answer came. */
const SILENT: ReadonlySet<string> = new Set(['UNREACHABLE', 'NO_ANSWER']);
/** A connection that is refused is not tried again at once. */
const UNANSWERED_PAUSE_MS = 100;
/** The longest that a timer of Node can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface SendOptions<R extends AnyReply = Reply> {
  /** Requests of the trace. */
  readonly requests: number;
  /** Requests in flight at most. */
  readonly connections: number;
  /** Null: a closed loop, where each connection sends its next request when the answer has come. */
  readonly schedule: Schedule | null;
  /** Sends the request at this place of the trace; never rejects. */
  readonly send: (index: number) => Promise<R>;
  /** A service that restarts is waited for; one that has not answered for so long is gone. */
  readonly goneAfterMs: number;
  /** Ends the replay, after the requests in flight have ended. */
  readonly signal: AbortSignal;
  readonly onExchange: (exchange: Exchange<R>) => void;
}

/** Why a replay ended. */
export type SendEnd = 'done' | 'interrupted' | 'service_gone';

/**
 * Sends the requests of a trace in its order. With a schedule a latency counts from the moment at which the request
 * was to be sent, also when no connection was free then: a service that stalls delays the requests behind the stall,
 * and a clock that starts when they are sent would not see that (coordinated omission).
 */
export async function sendAll<R extends AnyReply = Reply>(options: SendOptions<R>): Promise<SendEnd> {
  const replay = new Replay(options);
  return replay.run();
}

class Replay<R extends AnyReply> {
  private readonly startedAt = performance.now();
  private readonly gone = new AbortController();
  private readonly stop: AbortSignal;
  private next = 0;
  private answeredMs = 0;
  /** When the first of the requests was sent that got no answer, with no answer to any since. */
  private silentSinceMs = Infinity;

  constructor(private readonly options: SendOptions<R>) {
    this.stop = AbortSignal.any([options.signal, this.gone.signal]);
    // One per connection that waits for its time.
    setMaxListeners(0, this.stop);
  }

  async run(): Promise<SendEnd> {
    const { connections, requests, signal } = this.options;
    const lanes = Math.min(connections, requests);
    await Promise.all(Array.from({ length: lanes }, () => this.lane()));
    if (signal.aborted) return 'interrupted';
    return this.gone.signal.aborted ? 'service_gone' : 'done';
  }

  private now(): number {
    return performance.now() - this.startedAt;
  }

  /** One connection: takes the next request, waits for its time, sends it. */
  private async lane(): Promise<void> {
    const { requests, schedule } = this.options;
    while (this.next < requests && !this.stop.aborted) {
      const index = this.next++;
      const dueMs = schedule?.(index) ?? null;
      if (dueMs !== null && !(await this.waitUntil(dueMs))) return;
      const { reply, sentMs } = await this.exchange(index, dueMs);
      if (!reply.ok && SILENT.has(reply.code)) await this.unanswered(sentMs);
      else {
        this.answeredMs = this.now();
        this.silentSinceMs = Infinity;
      }
    }
  }

  private async exchange(index: number, dueMs: number | null): Promise<Exchange<R>> {
    const { send, onExchange } = this.options;
    const sentMs = this.now();
    const lateMs = dueMs === null ? 0 : Math.max(0, sentMs - dueMs);
    const reply = await send(index);
    const exchange = { index, sentMs, lateMs, latencyMs: this.now() - sentMs + lateMs, reply };
    onExchange(exchange);
    return exchange;
  }

  private async unanswered(sentMs: number): Promise<void> {
    const { goneAfterMs, schedule } = this.options;
    this.silentSinceMs = Math.min(this.silentSinceMs, Math.max(sentMs, this.answeredMs));
    if (this.now() - this.silentSinceMs > goneAfterMs) this.gone.abort();
    else if (schedule === null) await this.sleep(UNANSWERED_PAUSE_MS);
  }

  /** False when the replay ended first. */
  private async waitUntil(dueMs: number): Promise<boolean> {
    while (!this.stop.aborted) {
      const left = dueMs - this.now();
      if (left <= EARLY_MS) return true;
      await this.sleep(left);
    }
    return false;
  }

  private async sleep(ms: number): Promise<void> {
    if (this.stop.aborted) return;
    await delay(Math.min(ms, MAX_TIMER_MS), undefined, { signal: this.stop }).catch(() => undefined);
  }
}
