import { Client } from 'undici';

/**
 * Called once per connection.
 * @returns what sends the connection's next request and resolves when its answer has come, never rejecting; null from
 *   that when there is nothing left to send
 */
export type OpenConnection = (client: Client) => () => Promise<void> | null;

/** Connections that each send their next request when the answer has come, until they are closed. */
export class BusyConnections {
  private closing = false;
  private readonly loops: Promise<void>[];

  constructor(
    private readonly url: string,
    connections: number,
    private readonly open: OpenConnection,
  ) {
    this.loops = Array.from({ length: connections }, () => this.loop());
  }

  /** Ends after the requests in flight. */
  async close(): Promise<void> {
    this.closing = true;
    await Promise.all(this.loops);
  }

  private async loop(): Promise<void> {
    const client = new Client(this.url, { pipelining: 1 });
    const sendNext = this.open(client);
    while (!this.closing) {
      const sent = sendNext();
      if (sent === null) break;
      await sent;
    }
    await client.close();
  }
}
