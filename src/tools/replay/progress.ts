import { percent } from '../../base/format.js';
import { isHit } from './comparison.js';
import type { Exchange } from '../traffic/reply.js';

const EVERY_MS = 5_000;

/** Says how far a replay is, every few seconds. */
export function progressOf(say: (sentence: string) => void, total: number): (exchange: Exchange) => void {
  const startedAt = performance.now();
  let saidAt = startedAt;
  let [done, hits, failed] = [0, 0, 0];
  return (exchange) => {
    done++;
    if (isHit(exchange)) hits++;
    if (!exchange.reply.ok) failed++;
    const now = performance.now();
    if (now - saidAt < EVERY_MS) return;
    saidAt = now;
    const rate = Math.round((1000 * done) / (now - startedAt));
    const share = percent(hits / Math.max(1, done - failed));
    say(`${done} of ${total} requests, ${rate}/s, hit rate ${share}, ${failed} failed`);
  };
}
