// Sends requests by the clock, whether or not the ones before have been answered: what users do.
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { seededRandom } from '../corpus/random.js';
import type { OpenLoopOrder, OpenLoopResult } from './open-loop-protocol.js';

const CONNECTIONS = 64;

async function send(pool: Pool, body: string): Promise<boolean> {
  try {
    const answer = await pool.request({
      method: 'POST',
      path: '/predict',
      headers: { 'content-type': 'application/json' },
      body,
    });
    await answer.body.dump();
    return answer.statusCode === 200;
  } catch {
    return false;
  }
}

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
      send(pool, body).then((ok) => {
        latenciesMs[i] = performance.now() - due;
        if (!ok) failed++;
      }),
    );
  }
  await Promise.all(sent);
  await pool.close();
  return { latenciesMs, failed };
}

process.on('message', (order: OpenLoopOrder) => {
  void run(order).then((result) => process.send?.(result));
});

// Whoever started it has gone.
process.once('disconnect', () => process.exit());
