import type { LoggerService, OnApplicationShutdown } from '@nestjs/common';
import { RedisLink } from './redis-link.js';
import type { RedisScript } from './redis-script.js';
import { reasonOf } from '../../base/redis/redis-session.js';
import { type MessageListener, RedisSubscriptions } from './redis-subscriptions.js';

export type LinkName = 'commands' | 'subscriptions';

/** What went wrong: an attempt to connect, a connection that was up, or one command. */
export type RedisFailure = 'connect' | 'lost' | 'command';

/** Where the connection reports to, beside the log. */
export interface RedisReports {
  linkIsUp(link: LinkName, isUp: boolean): void;
  failed(failure: RedisFailure): void;
}

/** No failure: the server is sent the script, and knows it from then on. */
const isUnknownScript = (error: unknown): boolean => reasonOf(error).startsWith('NOSCRIPT');

/** Rejects what is sent while Redis is away: nothing is queued for later. */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisUnavailable';
}

/**
 * The one way to Redis. It connects in the background, comes back by itself for ever, and logs one line when Redis goes
 * and one when it is back. Nobody may need it: every caller has an answer of its own for a Redis that is away.
 */
export class RedisConnection implements OnApplicationShutdown {
  private readonly commands: RedisLink;
  private readonly subscriptions: RedisSubscriptions;
  private readonly hooks = new Set<() => void>();
  /** Undefined before the first attempt has ended. */
  private wasUp: boolean | undefined;
  private downSince = 0;
  private readonly address: string;

  constructor(
    url: string,
    private readonly logger: Pick<LoggerService, 'log' | 'warn' | 'error'>,
    private readonly reports: RedisReports,
  ) {
    // Without user and password: this is what is logged.
    this.address = new URL(url).host;
    this.commands = new RedisLink(url, this.eventsOf('commands'));
    this.subscriptions = new RedisSubscriptions(url, this.eventsOf('subscriptions'), (channel, reason) => {
      logger.error(`a listener to the Redis channel ${channel} failed: ${reason}`);
    });
  }

  /** Starts connecting and returns at once; to be called once. */
  open(): void {
    this.reports.linkIsUp('commands', false);
    this.commands.open();
  }

  /** Whether a command can be sent now. */
  get isUp(): boolean {
    return this.commands.session !== null;
  }

  /**
   * Sends one command. Commands sent in one turn of the event loop travel together.
   * @returns the reply as the RESP3 decoder gives it. It comes, or is rejected, within about 3 s even if the server
   * hangs; who cannot wait that long sets a deadline of their own.
   * @throws RedisUnavailable at once while Redis is away; Error when it goes meanwhile or answers with an error
   */
  async send(args: readonly string[]): Promise<unknown> {
    const { session } = this.commands;
    if (session === null) throw new RedisUnavailable('Redis is not connected.');
    try {
      return await session.send(args);
    } catch (error) {
      if (this.isUp && !isUnknownScript(error)) this.reports.failed('command');
      throw error;
    }
  }

  /** Runs a script as one step on the server. @throws as {@link send} does */
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
   * Hears a channel until told otherwise, through every loss of the connection. What is published while the connection
   * is away is lost: whoever needs it reads the state again in {@link onReconnect}.
   * @returns ends the subscription.
   */
  subscribe(channel: string, listener: MessageListener): () => void {
    const unsubscribe = this.subscriptions.add(channel, listener);
    if (!this.subscriptions.isUp) this.reports.linkIsUp('subscriptions', false);
    return unsubscribe;
  }

  /**
   * Called when commands go through and every subscription is in force: first after the start, then each time that
   * either was lost in between. Messages that come after it are not missed.
   * @returns takes the hook away.
   */
  onReconnect(hook: () => void): () => void {
    this.hooks.add(hook);
    return () => {
      this.hooks.delete(hook);
    };
  }

  onApplicationShutdown(): void {
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

  /** Said once for each outage: the first reason is the one that tells. */
  private wentDown(reason: string): void {
    if (this.wasUp === false) return;
    const how = this.wasUp === true ? 'is gone' : 'cannot be reached';
    this.logger.warn(`Redis at ${this.address} ${how} (${reason}); going on without it, and trying again`);
    this.wasUp = false;
    this.downSince = performance.now();
  }
}
