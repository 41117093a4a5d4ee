import { type LinkEvents, RedisLink } from './redis-link.js';
import { reasonOf, type RedisSession } from '../../base/redis/redis-session.js';

export type MessageListener = (message: string) => void;

/**
 * Channels and their listeners, on a separate connection that is opened for the first channel: messages should not wait
 * behind commands. Subscriptions survive a lost connection; messages published during the outage are lost.
 */
export class RedisSubscriptions {
  private readonly listeners = new Map<string, Set<MessageListener>>();
  private readonly link: RedisLink;
  /** Channels that the server confirmed while the current connection was prepared. */
  private readonly confirmed = new Set<string>();
  private isOpen = false;

  constructor(
    url: string,
    events: Pick<LinkEvents, 'onUp' | 'onDown'>,
    /** Called when a listener throws. */
    private readonly onFault: (channel: string, reason: string) => void,
  ) {
    this.link = new RedisLink(url, {
      prepare: (session) => this.subscribeAll(session),
      onUp: () => {
        // These channels were added after the last confirmation.
        for (const channel of this.listeners.keys()) if (!this.confirmed.has(channel)) this.extend(channel);
        events.onUp();
      },
      onDown: events.onDown,
    });
  }

  /** Whether every subscription is active; true when there is none. */
  get isUp(): boolean {
    return !this.isOpen || this.link.session !== null;
  }

  /** @returns a function that ends the subscription */
  add(channel: string, listener: MessageListener): () => void {
    const known = this.listeners.get(channel);
    if (known !== undefined) known.add(listener);
    else {
      this.listeners.set(channel, new Set([listener]));
      this.extend(channel);
    }
    return () => {
      this.remove(channel, listener);
    };
  }

  close(): void {
    this.link.close();
  }

  private remove(channel: string, listener: MessageListener): void {
    const known = this.listeners.get(channel);
    if (known?.delete(listener) !== true || known.size > 0) return;
    this.listeners.delete(channel);
    const { session } = this.link;
    session?.unsubscribe(channel).catch((error: unknown) => {
      session.close(reasonOf(error));
    });
  }

  private extend(channel: string): void {
    if (!this.isOpen) {
      this.isOpen = true;
      this.link.open();
      return;
    }
    const { session } = this.link;
    // A failed subscription closes the connection: the next connection subscribes to every channel again, so no other
    // state needs repair.
    session?.subscribe(channel, this.dispatch(channel)).catch((error: unknown) => {
      session.close(reasonOf(error));
    });
  }

  /** The loop also reaches channels that are added while the server confirms the others. */
  private async subscribeAll(session: RedisSession): Promise<void> {
    this.confirmed.clear();
    for (const channel of this.listeners.keys()) {
      await session.subscribe(channel, this.dispatch(channel));
      this.confirmed.add(channel);
    }
  }

  private dispatch(channel: string): MessageListener {
    return (message) => {
      for (const listener of this.listeners.get(channel) ?? []) {
        try {
          listener(message);
        } catch (error) {
          this.onFault(channel, reasonOf(error));
        }
      }
    };
  }
}
