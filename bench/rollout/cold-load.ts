import { Client } from 'undici';
import type { LoadedRequest } from './rollback-outcome.js';

/** Connections that each send the next text when the answer has come, and keep when that was and who gave it. */
export class ColdLoad {
  private readonly answered: LoadedRequest[] = [];
  private stopping = false;
  private next = 0;
  private readonly loops: Promise<void>[];

  /** @param texts each is sent once; the load ends when there is none left */
  constructor(
    private readonly url: string,
    private readonly texts: readonly string[],
    connections: number,
  ) {
    this.loops = Array.from({ length: connections }, () => this.loop());
  }

  /** Texts that were sent until now. */
  get sent(): number {
    return this.next;
  }

  /** Ends after the requests in flight. */
  async close(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.loops);
  }

  /** What was sent until it was closed. @throws Error when the texts did not last until then */
  get requests(): readonly LoadedRequest[] {
    if (this.next >= this.texts.length) throw new Error('the load ran out of texts');
    return this.answered;
  }

  private async loop(): Promise<void> {
    const client = new Client(this.url, { pipelining: 1 });
    while (!this.stopping) {
      const text = this.texts[this.next];
      if (text === undefined) break;
      this.next++;
      const sentAt = performance.now();
      const version = await this.ask(client, text);
      this.answered.push({ sentAt, endedAt: performance.now(), version });
    }
    await client.close();
  }

  private async ask(client: Client, text: string): Promise<string | null> {
    try {
      const { statusCode, body } = await client.request({
        method: 'POST',
        path: '/predict',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ text }),
      });
      const answer = (await body.json()) as { model_version?: string };
      return statusCode === 200 ? (answer.model_version ?? null) : null;
    } catch {
      return null;
    }
  }
}
