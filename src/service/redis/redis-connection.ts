import type { LoggerService, OnApplicationShutdown } from '@nestjs/common';
import { RedisLink } from './redis-link.js';
import { RefusedWrites } from './refused-writes.js';
import type { RedisScript } from './redis-script.js';
import { reasonOf } from '../../base/redis/redis-session.js';
import { WRITE_PROBE, type RefusalKind, type WriteRefusal } from '../../base/redis/write-refusal.js';
import { type MessageListener, RedisSubscriptions } from './redis-subscriptions.js';

export type LinkName = 'commands' | 'subscriptions';

/** What failed: an attempt to connect, an open connection, one command, or a write that the server refuses. */
export type RedisFailure = 'connect' | 'lost' | 'command' | 'refused';

/** Receives the events of the connection, in addition to the log. */
export interface RedisReports {
  linkIsUp(link: LinkName, isUp: boolean): void;
  failed(failure: RedisFailure): void;
  /** @param kind why the server refuses writes; null when it does not */
  refusesWrites(kind: RefusalKind | null): void;
}

/** An unknown script is no failure: run() then sends its text, and the server remembers it. */
const isUnknownScript = (error: unknown): boolean => reasonOf(error).startsWith('NOSCRIPT');

/** The error of a command that is sent while Redis is not connected: commands are not queued for later. */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisUnavailable';

  constructor() {
    super('Redis is not connected.');
  }
}

/**
 * The only way to Redis. It connects in the background, reconnects without limit, and logs one line when Redis is lost
 * and one when Redis is back. No caller may depend on Redis: every caller must also work without it.
 */
export class RedisConnection implements OnApplicationShutdown {
  private readonly commands: RedisLink;
  private readonly subscriptions: RedisSubscriptions;
  private readonly hooks = new Set<() => void>();
  /** Undefined until the first attempt has ended. */
  private wasUp: boolean | undefined;
  private downSince = 0;
  private lastReason = 'not connected yet';
  private readonly refused: RefusedWrites;
  private readonly address: string;

  constructor(
    url: string,
    private readonly logger: Pick<LoggerService, 'log' | 'warn' | 'error'>,
    private readonly reports: RedisReports,
  ) {
    // The address in the log has no user and no password.
    this.address = new URL(url).host;
    this.commands = new RedisLink(url, this.eventsOf('commands'));
    this.subscriptions = new RedisSubscriptions(url, this.eventsOf('subscriptions'), (channel, reason) => {
      logger.error(`a listener to the Redis channel ${channel} failed: ${reason}`);
    });
    this.refused = new RefusedWrites(
      () => this.commands.session?.send(WRITE_PROBE) ?? Promise.reject(new RedisUnavailable()),
      {
        onChange: (refusal) => {
          reports.refusesWrites(refusal?.kind ?? null);
          if (refusal !== null) logger.warn(this.sentenceOf(refusal));
        },
        onAccepted: (refusedMs) => {
          logger.log(`Redis at ${this.address} takes writes again after ${Math.round(refusedMs)} ms`);
        },
      },
    );
  }

  /** Starts to connect in the background. Call it once. */
  open(): void {
    this.reports.linkIsUp('commands', false);
    this.commands.open();
  }

  /** Whether a command can be sent now. */
  get isUp(): boolean {
    return this.commands.session !== null;
  }

  /** Why the server that answers takes no writes; null while it takes them, as far as is known. */
  get refusal(): WriteRefusal | null {
    return this.refused.current;
  }

  /** What an operator should repair, in a sentence without the password; null when all is well. */
  problem(): string | null {
    const { refusal } = this;
    if (refusal !== null) return this.sentenceOf(refusal);
    return this.isUp ? null : `Redis at ${this.address} is not connected (${this.lastReason}).`;
  }

  private sentenceOf({ state, advice }: WriteRefusal): string {
    return `Redis at ${this.address} ${state}. ${advice}`;
  }

  /**
   * Sends one command. Commands of one turn of the event loop are sent together.
   * @returns the reply as the RESP3 decoder gives it. The promise settles within about 3 s even if the server hangs; a
   *   caller that needs the reply sooner sets its own deadline.
   * @throws RedisUnavailable at once while Redis is not connected; Error when the connection is lost before the reply,
   *   or when the reply is an error
   */
  async send(args: readonly string[]): Promise<unknown> {
    const { session } = this.commands;
    if (session === null) throw new RedisUnavailable();
    try {
      return await session.send(args);
    } catch (error) {
      if (this.refused.note(error)) this.reports.failed('refused');
      else if (this.isUp && !isUnknownScript(error)) this.reports.failed('command');
      throw error;
    }
  }

  /** Runs a script atomically on the server. @throws as {@link send} does */
  async run<T>(script: RedisScript<T>, keys: readonly string[], args: readonly string[] = []): Promise<T> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return script.read(await this.send(['EVALSHA', script.sha1, ...rest]));
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
    }
    return script.read(await this.send(['EVAL', script.lua, ...rest]));
  }

  /**
   * Subscribes to a channel. The subscription survives a lost connection, but messages published during the outage are
   * lost: a listener that needs them reads the state again in {@link onReconnect}.
   * @returns a function that ends the subscription
   */
  subscribe(channel: string, listener: MessageListener): () => void {
    const unsubscribe = this.subscriptions.add(channel, listener);
    if (!this.subscriptions.isUp) this.reports.linkIsUp('subscriptions', false);
    return unsubscribe;
  }

  /**
   * Calls the hook when commands work and every subscription is active: the first time after the start, then each time
   * that one of the two connections was lost and both are up again. Messages published after the call are received.
   * @returns a function that removes the hook
   */
  onReconnect(hook: () => void): () => void {
    this.hooks.add(hook);
    return () => {
      this.hooks.delete(hook);
    };
  }

  onApplicationShutdown(): void {
    this.refused.forget();
    this.commands.close();
    this.subscriptions.close();
  }

  private eventsOf(link: LinkName): { onUp: () => void; onDown: (reason: string) => void } {
    let wasUp = false;
    return {
      onUp: () => {
        wasUp = true;
        this.reports.linkIsUp(link, true);
        if (this.isUp && this.subscriptions.isUp) this.cameUp();
      },
      onDown: (reason) => {
        this.reports.failed(wasUp ? 'lost' : 'connect');
        this.reports.linkIsUp(link, false);
        wasUp = false;
        if (link === 'commands') this.refused.forget();
        this.wentDown(reason);
      },
    };
  }

  private cameUp(): void {
    if (this.wasUp === false) {
      this.logger.log(
        `Redis at ${this.address} is back after ${Math.round(performance.now() - this.downSince)} ms`,
      );
    } else if (this.wasUp === undefined) this.logger.log(`Redis at ${this.address} is connected`);
    this.wasUp = true;
    for (const hook of this.hooks) {
      try {
        hook();
      } catch (error) {
        this.logger.error(`what follows a connection to Redis failed: ${reasonOf(error)}`);
      }
    }
  }

  /** Logs one line for each outage, with its first reason: later reasons are only consequences of it. */
  private wentDown(reason: string): void {
    this.lastReason = reason;
    if (this.wasUp === false) return;
    const how = this.wasUp === true ? 'is gone' : 'cannot be reached';
    this.logger.warn(`Redis at ${this.address} ${how} (${reason}); going on without it, and trying again`);
    this.wasUp = false;
    this.downSince = performance.now();
  }
}
