import { setTimeout as delay } from 'node:timers/promises';
import { Client, type Dispatcher } from 'undici';
import type { Version } from '../base/plan.js';
import { BusyConnections } from './busy-connections.js';
import { postPredict, predictBody } from './predict.js';

/** A text with the answer that the service gives when no other request is under way. */
export interface Reference {
  readonly text: string;
  readonly version: Version;
  readonly label: string;
  readonly score: number;
}

/** The outcomes of all requests. */
export interface Tally {
  answered: number;
  readonly byStatus: Record<string, number>;
  /** Sent on a connection that was open, and never answered. */
  dropped: number;
  /** The drops by the error's code and by whether the connection had carried an answer before. */
  readonly drops: Record<string, number>;
  /** Not sent: no process listened on the port. */
  refused: number;
  wrongLabels: number;
  maxScoreDifference: number;
  readonly latenciesMs: number[];
}

interface Answer {
  readonly label: string;
  readonly score: number;
}

/** How long a client waits before it connects again after its connection was refused. */
const REFUSED_PAUSE_MS = 50;

/** Errors of a connection that mean that the request was never sent. */
const NOT_SENT = new Set(['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT']);

/** A cache would answer without asking the model. */
const askModel = (client: Client, text: string, version: Version): Promise<Dispatcher.ResponseData> =>
  postPredict(client, predictBody(text, version), { 'cache-control': 'no-cache' });

/** Asks for each text alone, one after the other. */
export async function askAlone(
  url: string,
  version: Version,
  texts: readonly string[],
): Promise<Reference[]> {
  const client = new Client(url);
  const references: Reference[] = [];
  for (const text of texts) {
    const { statusCode, body } = await askModel(client, text, version);
    const answer = await body.json();
    if (statusCode !== 200)
      throw new Error(`POST /predict answered ${statusCode}: ${JSON.stringify(answer)}`);
    references.push({ text, version, ...pickAnswer(answer) });
  }
  await client.close();
  return references;
}

/** Connections that each send their next request when the answer has come, and check every answer. */
export class ClosedLoop {
  readonly tally: Tally = {
    answered: 0,
    byStatus: {},
    dropped: 0,
    drops: {},
    refused: 0,
    wrongLabels: 0,
    maxScoreDifference: 0,
    latenciesMs: [],
  };
  private next = 0;
  private readonly connections: BusyConnections;

  /** @param references not empty; after the last one it goes on with the first */
  constructor(
    url: string,
    private readonly references: readonly Reference[],
    connections: number,
  ) {
    this.connections = new BusyConnections(url, connections, (client) => {
      const connection = { answers: 0 };
      client.on('connect', () => (connection.answers = 0));
      return () => {
        const reference = this.references[this.next++ % this.references.length];
        return reference === undefined ? null : this.send(client, connection, reference);
      };
    });
  }

  /** Ends after the requests in flight. */
  async close(): Promise<Tally> {
    await this.connections.close();
    return this.tally;
  }

  private async send(client: Client, connection: { answers: number }, reference: Reference): Promise<void> {
    const { tally } = this;
    const startedAt = performance.now();
    try {
      const { statusCode, body } = await askModel(client, reference.text, reference.version);
      const answer = await body.json();
      tally.answered++;
      connection.answers++;
      tally.byStatus[statusCode] = (tally.byStatus[statusCode] ?? 0) + 1;
      tally.latenciesMs.push(performance.now() - startedAt);
      if (statusCode === 200) this.compare(reference, pickAnswer(answer));
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      if (!NOT_SENT.has(code)) {
        const how = `${code} on a ${connection.answers > 0 ? 'kept' : 'new'} connection`;
        tally.dropped++;
        tally.drops[how] = (tally.drops[how] ?? 0) + 1;
        return;
      }
      tally.refused++;
      await delay(REFUSED_PAUSE_MS);
    }
  }

  private compare(reference: Reference, { label, score }: Answer): void {
    if (label !== reference.label) this.tally.wrongLabels++;
    const difference = Math.abs(score - reference.score);
    this.tally.maxScoreDifference = Math.max(this.tally.maxScoreDifference, difference);
  }
}

function pickAnswer(answer: unknown): Answer {
  const { label, score } = answer as Answer;
  return { label, score };
}
