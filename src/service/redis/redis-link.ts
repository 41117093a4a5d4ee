import { setTimeout as delay } from 'node:timers/promises';
import { reconnectDelayMs } from './reconnect-delay.js';
import { RedisSession, reasonOf } from '../../base/redis/redis-session.js';

/**
 * A connection that lasted less than this counts as a failed attempt: a server may accept a connection and then close
 * it.
 */
const STABLE_AFTER_MS = 10_000;

/** The events of a link. No listener may throw. */
export interface LinkEvents {
  /** Prepares a connection before it counts as up; when it throws, the attempt has failed. */
  readonly prepare?: (session: RedisSession) => Promise<void>;
  readonly onUp: () => void;
  /** Called after each failed attempt and each time that an open connection ends. */
  readonly onDown: (reason: string) => void;
}

/** Keeps one connection to Redis open until close() is called. */
export class RedisLink {
  private current: RedisSession | null = null;
  private attempt: RedisSession | null = null;
  private readonly closing = new AbortController();

  constructor(
    private readonly url: string,
    private readonly events: LinkEvents,
  ) {}

  /** The connection while it is up; null while there is none. */
  get session(): RedisSession | null {
    return this.current;
  }

  /** Starts to connect in the background. Call it once. */
  open(): void {
    void this.keepOpen();
  }

  /** Closes the connection permanently, without any event. */
  close(): void {
    this.closing.abort();
    this.attempt?.close('closed');
    this.current = null;
  }

  private isClosed(): boolean {
    return this.closing.signal.aborted;
  }

  private async keepOpen(): Promise<void> {
    const { signal } = this.closing;
    for (let failures = 0; ;) {
      const { reason, lastedMs } = await this.oneSession();
      if (this.isClosed()) return;
      this.events.onDown(reason);
      failures = lastedMs > STABLE_AFTER_MS ? 1 : failures + 1;
      await delay(reconnectDelayMs(failures, Math.random()), undefined, { ref: false, signal }).catch(
        () => undefined,
      );
    }
  }

  /** Resolves when the connection has failed or ended, with the reason and the time that it was up. */
  private async oneSession(): Promise<{ reason: string; lastedMs: number }> {
    const session = new RedisSession(this.url);
    this.attempt = session;
    try {
      await session.open();
      await this.events.prepare?.(session);
    } catch (error) {
      const reason = reasonOf(error);
      session.close(reason);
      return { reason, lastedMs: 0 };
    }
    if (this.isClosed()) return { reason: 'closed', lastedMs: 0 };
    this.current = session;
    const upAt = performance.now();
    this.events.onUp();
    const reason = await session.ended;
    this.current = null;
    return { reason, lastedMs: performance.now() - upAt };
  }
}
