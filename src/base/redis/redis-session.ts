import type { RedisClientType } from '@redis/client';
import { writeRefusalOf } from './write-refusal.js';

/** Time limit for TCP, TLS, the login and the first answer together. */
const OPEN_TIMEOUT_MS = 2_000;

/**
 * When a server hangs or a network drops packets, the connection stays open. Only unanswered pings detect that. Two in
 * a row are needed, because this process itself may have been blocked during one.
 */
const PING_INTERVAL_MS = 1_000;
const MISSED_PINGS = 2;

/** Far more commands than are ever pending at once; a protection against a leak. */
const MAX_COMMANDS = 10_000;

/** A short description of an error. A connection refused on both IPv4 and IPv6 has a code but no message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return error.message || (code ?? error.name);
}

/**
 * One connection to Redis, from its opening to its end. It never reconnects. The client's own reconnecting is switched
 * off, because it does not notice a server that hangs and cannot be stopped while it waits.
 */
export class RedisSession {
  /** Resolves with the reason when the connection has ended, on either side. */
  readonly ended: Promise<string>;
  private end!: (reason: string) => void;
  private client: RedisClientType | null = null;
  private pings: NodeJS.Timeout | null = null;
  private missedPings = 0;
  private isEnded = false;

  constructor(private readonly url: string) {
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  /** Resolves when the server answers commands. @throws Error with the reason */
  async open(): Promise<void> {
    const timer = setTimeout(() => {
      this.close(`no answer within ${OPEN_TIMEOUT_MS} ms`);
    }, OPEN_TIMEOUT_MS).unref();
    const ended = this.ended.then((reason) => {
      throw new Error(reason);
    });
    try {
      await Promise.race([this.connect(), ended]);
    } catch (error) {
      this.close(reasonOf(error));
      throw error;
    } finally {
      clearTimeout(timer);
    }
    this.pings = setInterval(() => {
      this.checkAnswers();
    }, PING_INTERVAL_MS).unref();
  }

  /** @throws Error when the connection ends before the answer, or Redis answers with an error */
  async send(args: readonly string[]): Promise<unknown> {
    if (this.client === null || this.isEnded) throw new Error('The connection to Redis has ended.');
    return this.client.sendCommand([...args]);
  }

  /** @param listener called for each message, must not throw. */
  async subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    await this.client?.subscribe(channel, listener);
  }

  async unsubscribe(channel: string): Promise<void> {
    await this.client?.unsubscribe(channel);
  }

  /** Ends the connection at once; pending commands are rejected. */
  close(reason: string): void {
    if (this.isEnded) return;
    this.isEnded = true;
    if (this.pings !== null) clearInterval(this.pings);
    this.client?.destroy();
    this.end(reason);
  }

  private async connect(): Promise<void> {
    // Loaded only if Redis is used, because it costs a tenth of a second and 20 MB.
    const { createClient } = await import('@redis/client');
    if (this.isEnded) return;
    const client = createClient({
      url: this.url,
      name: 'serin',
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      commandsQueueMaxLength: MAX_COMMANDS,
      // The client would make an AbortSignal for each command; here the pings end a connection that hangs.
      commandOptions: { timeout: 0 },
      socket: { connectTimeout: OPEN_TIMEOUT_MS, reconnectStrategy: false },
    });
    this.client = client;
    // The connection must not keep the process alive.
    client.unref();
    client.on('error', (error: unknown) => {
      this.close(reasonOf(error));
    });
    await client.connect();
    // A server that still loads its data accepts connections and refuses commands.
    await this.ping();
  }

  /** A server that cannot save its data refuses PING as it refuses writes (MISCONF), and answers reads. */
  private async ping(): Promise<void> {
    await this.send(['PING']).catch((error: unknown) => {
      if (writeRefusalOf(error) === null) throw error;
    });
  }

  private checkAnswers(): void {
    if (this.missedPings >= MISSED_PINGS) {
      this.close(`no answer for ${MISSED_PINGS * PING_INTERVAL_MS} ms`);
      return;
    }
    this.missedPings++;
    this.ping().then(
      () => {
        this.missedPings = 0;
      },
      (error: unknown) => {
        this.close(reasonOf(error));
      },
    );
  }
}
