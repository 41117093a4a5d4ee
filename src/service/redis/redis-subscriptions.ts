import { type LinkEvents, RedisLink } from './redis-link.js';
import { reasonOf, type RedisSession } from '../../base/redis/redis-session.js';

export type MessageListener = (message: string) => void;

/**
 * Channels and who listens to them, on a connection of their own that is opened for the first of them: a connection
 * that receives messages should not wait behind commands. Subscriptions outlive the connection; messages that are sent
 * while it is away are lost.
 */
export class RedisSubscriptions {
  private readonly listeners = new Map<string, Set<MessageListener>>();
  private readonly link: RedisLink;
  /** Channels of the connection that the server has confirmed while it was prepared. */
  private readonly confirmed = new Set<string>();
  private isOpen = false;

  constructor(
    url: string,
    events: Pick<LinkEvents, 'onUp' | 'onDown'>,
    /** Told when a listener throws. */
    private readonly onFault: (channel: string, reason: string) => void,
  ) {
    this.link = new RedisLink(url, {
      prepare: (session) => this.subscribeAll(session),
      onUp: () => {
        // Added between the last confirmation and now.
        for (const channel of this.listeners.keys()) if (!this.confirmed.has(channel)) this.extend(channel);
        events.onUp();
      },
      onDown: events.onDown,
    });
  }

  /** Whether everything that was subscribed to is heard; true while nothing is. */
  get isUp(): boolean {
    return !this.isOpen || this.link.session !== null;
  }

  /** @returns ends the subscription. */
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
    // Opened anew, the connection subscribes to everything: there is no other state to mend.
    session?.subscribe(channel, this.dispatch(channel)).catch((error: unknown) => {
      session.close(reasonOf(error));
    });
  }

  /** Channels that are added while the server confirms the others are met by the loop too. */
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
