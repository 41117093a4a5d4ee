import type { Client } from 'undici';
import { BusyConnections } from '../load/busy-connections.js';
import { postPredict, predictBody } from '../load/predict.js';
import type { LoadedRequest } from './rollback-outcome.js';

/** Connections that each send the next text when the answer has come, and record the times and the version that answered. */
export class ColdLoad {
  private readonly answered: LoadedRequest[] = [];
  private next = 0;
  private readonly connections: BusyConnections;

  /** @param texts each is sent once; the load ends when there is none left */
  constructor(
    url: string,
    private readonly texts: readonly string[],
    connections: number,
  ) {
    this.connections = new BusyConnections(url, connections, (client) => () => {
      const text = this.texts[this.next];
      if (text === undefined) return null;
      this.next++;
      return this.ask(client, text);
    });
  }

  /** Texts that were sent until now. */
  get sent(): number {
    return this.next;
  }

  /** Ends after the requests in flight. */
  close(): Promise<void> {
    return this.connections.close();
  }

  /** The requests that were sent until it was closed. @throws Error when the texts did not last until then */
  get requests(): readonly LoadedRequest[] {
    if (this.next >= this.texts.length) throw new Error('the load ran out of texts');
    return this.answered;
  }

  private async ask(client: Client, text: string): Promise<void> {
    const sentAt = performance.now();
    const version = await answeringVersion(client, text);
    this.answered.push({ sentAt, endedAt: performance.now(), version });
  }
}

/** Null when the request failed. */
async function answeringVersion(client: Client, text: string): Promise<string | null> {
  try {
    const { statusCode, body } = await postPredict(client, predictBody(text));
    const answer = (await body.json()) as { model_version?: string };
    return statusCode === 200 ? (answer.model_version ?? null) : null;
  } catch {
    return null;
  }
}
