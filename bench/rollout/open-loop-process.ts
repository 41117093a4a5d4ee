// Sends requests by the clock without waiting for earlier answers, as users do.
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { seededRandom } from '../../src/base/seeded-random.js';
import { answerParent } from '../base/child.js';
import { isAnswered } from '../load/predict.js';

export interface OpenLoopOrder {
  readonly url: string;
  /** JSON bodies of POST /predict, one per request. */
  readonly bodies: readonly string[];
  /** On average; the moments are random, as those of many clients are. */
  readonly perSecond: number;
  readonly seed: number;
}

export interface OpenLoopResult {
  /** From the moment that a request was due, so that a stall counts in every request that falls into it. */
  readonly latenciesMs: Float64Array;
  /** Requests without a 200. */
  readonly failed: number;
}

const CONNECTIONS = 64;

async function run({ url, bodies, perSecond, seed }: OpenLoopOrder): Promise<OpenLoopResult> {
  const pool = new Pool(url, { connections: CONNECTIONS, pipelining: 1 });
  const random = seededRandom(seed);
  const latenciesMs = new Float64Array(bodies.length);
  const sent: Promise<void>[] = [];
  let failed = 0;
  let dueAt = performance.now();
  for (const [i, body] of bodies.entries()) {
    dueAt += (-Math.log(1 - random()) / perSecond) * 1000;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await delay(waitMs);
    const due = dueAt;
    sent.push(
      isAnswered(pool, body).then((ok) => {
        latenciesMs[i] = performance.now() - due;
        if (!ok) failed++;
      }),
    );
  }
  await Promise.all(sent);
  await pool.close();
  return { latenciesMs, failed };
}

answerParent(run);
