import { BusyConnections } from '../load/busy-connections.js';
import { isAnswered, predictBody } from '../load/predict.js';

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
  private sent = 0;
  private newSent = 0;
  private readonly connections: BusyConnections;

  /** @param fresh texts that have not been sent before; when they are used up, the load goes on without new ones */
  constructor(
    url: string,
    private readonly repeated: readonly string[],
    private readonly fresh: readonly string[],
    connections: number,
  ) {
    this.connections = new BusyConnections(url, connections, (client) => async () => {
      const startedAt = performance.now();
      const ok = await isAnswered(client, predictBody(this.next()));
      this.answers.latenciesMs.push(performance.now() - startedAt);
      if (!ok) this.answers.failed++;
    });
  }

  /** The answers since the last cut. */
  cut(): MixedAnswers {
    const { answers } = this;
    this.answers = { latenciesMs: [], failed: 0 };
    return answers;
  }

  /** Ends after the requests in flight. */
  close(): Promise<void> {
    return this.connections.close();
  }

  private next(): string {
    const at = this.sent++;
    const isNew = at % NEW_EVERY === 0 && this.newSent < this.fresh.length;
    const text = isNew ? this.fresh[this.newSent++] : this.repeated[at % this.repeated.length];
    return text ?? '';
  }
}
