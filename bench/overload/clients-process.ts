// Polite clients send short texts by the clock; a greedy one sends the next batch as soon as it has an answer.
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { seededRandom } from '../../src/base/seeded-random.js';
import { answerParent } from '../base/child.js';

export interface ClientsOrder {
  readonly url: string;
  readonly seconds: number;
  readonly seed: number;
  /** Addresses of the polite clients, as a trusted proxy names them. */
  readonly polite: readonly string[];
  /** Of each polite client, on average; the moments are random. */
  readonly perSecond: number;
  /** JSON bodies of POST /predict; each is sent once. */
  readonly bodies: readonly string[];
  /** Null: there is none. */
  readonly greedy: {
    readonly address: string;
    readonly connections: number;
    readonly batches: readonly string[];
  } | null;
}

export interface ClientsResult {
  /** Of the polite clients' requests with a 200, from the moment that each was due. */
  readonly latenciesMs: Float64Array;
  /** Of the polite clients' requests: those without a 200. */
  readonly failed: number;
  /** Texts of the greedy client that were answered. */
  readonly greedyTexts: number;
}

const CONNECTIONS = 128;
/** A greedy client that was refused tries again at once, nearly. */
const GREEDY_PAUSE_MS = 20;

const headersOf = (address: string): Record<string, string> => ({
  'content-type': 'application/json',
  'x-forwarded-for': address,
});

async function beGreedy(
  { url }: ClientsOrder,
  { address, connections, batches }: NonNullable<ClientsOrder['greedy']>,
  until: number,
): Promise<number> {
  const pool = new Pool(url, { connections });
  let next = 0;
  let answered = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() < until) {
      const body = batches[next++ % batches.length] ?? '';
      const { statusCode, body: answer } = await pool.request({
        path: '/predict_batch',
        method: 'POST',
        headers: headersOf(address),
        body,
      });
      const text = await answer.text();
      if (statusCode === 200) answered += text.split('"label"').length - 1;
      else await delay(GREEDY_PAUSE_MS);
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  await pool.close();
  return answered;
}

async function bePolite(order: ClientsOrder, until: number): Promise<Omit<ClientsResult, 'greedyTexts'>> {
  const { url, polite, perSecond, bodies, seed } = order;
  const pool = new Pool(url, { connections: CONNECTIONS, pipelining: 1 });
  const random = seededRandom(seed);
  const latenciesMs: number[] = [];
  const sent: Promise<void>[] = [];
  let failed = 0;
  let dueAt = performance.now();
  for (const [i, body] of bodies.entries()) {
    dueAt += (-Math.log(1 - random()) / (perSecond * polite.length)) * 1000;
    if (dueAt > until) break;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await delay(waitMs);
    const due = dueAt;
    const headers = headersOf(polite[i % polite.length] ?? '');
    const ask = async (): Promise<void> => {
      const answer = await pool.request({ path: '/predict', method: 'POST', headers, body });
      await answer.body.dump();
      if (answer.statusCode === 200) latenciesMs.push(performance.now() - due);
      else failed++;
    };
    sent.push(ask());
  }
  await Promise.all(sent);
  await pool.close();
  return { latenciesMs: Float64Array.from(latenciesMs), failed };
}

async function run(order: ClientsOrder): Promise<ClientsResult> {
  const until = performance.now() + order.seconds * 1_000;
  const [polite, greedyTexts] = await Promise.all([
    bePolite(order, until),
    order.greedy === null ? 0 : beGreedy(order, order.greedy, until),
  ]);
  return { ...polite, greedyTexts };
}

answerParent(run);
