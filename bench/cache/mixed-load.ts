import { Client } from 'undici';

/** Of so many requests one brings a new text; the others repeat texts that are in memory. */
export const NEW_EVERY = 4;

export interface MixedAnswers {
  readonly latenciesMs: number[];
  failed: number;
}

/**
 * Connections that each send their next request when the answer has come: mostly repeated texts, and now and then a
 * new one, which asks Redis, is computed and is written to Redis.
 */
export class MixedLoad {
  private answers: MixedAnswers = { latenciesMs: [], failed: 0 };
  private stopping = false;
  private sent = 0;
  private newSent = 0;
  private readonly loops: Promise<void>[];

  /** @param fresh texts that nobody has sent; when they are used up, the load goes on without new ones */
  constructor(
    private readonly url: string,
    private readonly repeated: readonly string[],
    private readonly fresh: readonly string[],
    connections: number,
  ) {
    this.loops = Array.from({ length: connections }, () => this.loop());
  }

  /** What was answered since the last cut. */
  cut(): MixedAnswers {
    const { answers } = this;
    this.answers = { latenciesMs: [], failed: 0 };
    return answers;
  }

  /** Ends after the requests in flight. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.loops);
  }

  private next(): string {
    const at = this.sent++;
    const isNew = at % NEW_EVERY === 0 && this.newSent < this.fresh.length;
    const text = isNew ? this.fresh[this.newSent++] : this.repeated[at % this.repeated.length];
    return text ?? '';
  }

  private async loop(): Promise<void> {
    const client = new Client(this.url, { pipelining: 1 });
    while (!this.stopping) {
      const startedAt = performance.now();
      const ok = await send(client, this.next());
      this.answers.latenciesMs.push(performance.now() - startedAt);
      if (!ok) this.answers.failed++;
    }
    await client.close();
  }
}

async function send(client: Client, text: string): Promise<boolean> {
  try {
    const { statusCode, body } = await client.request({
      method: 'POST',
      path: '/predict',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text }),
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}
