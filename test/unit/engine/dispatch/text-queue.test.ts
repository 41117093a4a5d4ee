import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientShares } from '../../../../src/engine/dispatch/client-shares.js';
import { TextQueue, type BatchLimits, type QueuedText } from '../../../../src/engine/dispatch/text-queue.js';

const LIMITS: BatchLimits = {
  cost: { fixedMs: 0.4, perTokenMs: 0.03, perTokenSquaredMs: 0.0001 },
  maxPaddedTokens: 256,
  runsAlone: false,
  idleWorkers: 1,
};

let clock = 0;
const NOW = 0;
const text = (
  tokens: number,
  { alone = false, sequences = 1, dueInMs = 0, client = '', workMs = 1 } = {},
): QueuedText => ({
  tokens,
  sequences,
  workMs,
  line: client,
  enqueuedAt: NOW,
  alone,
  turnAt: clock++ + dueInMs,
});

function queueOf(items: readonly QueuedText[]): TextQueue<QueuedText> {
  const queue = new TextQueue<QueuedText>(new ClientShares());
  for (const item of items) queue.push(item);
  return queue;
}

describe('TextQueue.take', () => {
  it('puts like lengths together and leaves the others for the next batch', () => {
    const short = [text(8), text(9), text(8)];
    const long = [text(120), text(118)];
    const [first, second, third] = short as [QueuedText, QueuedText, QueuedText];
    const queue = queueOf([first, ...long, second, third]);
    expect(new Set(queue.take(LIMITS, NOW))).toEqual(new Set(short));
    expect(new Set(queue.take(LIMITS, NOW))).toEqual(new Set(long));
    expect(queue.size).toBe(0);
  });

  it('always takes the oldest text, keeps the budget, and neither loses nor doubles a text', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            tokens: fc.integer({ min: 2, max: 256 }),
            alone: fc.boolean(),
            sequences: fc.constantFrom(1, 1, 1, 4),
            dueInMs: fc.constantFrom(0, 0, 0, 50),
          }),
          { maxLength: 400 },
        ),
        fc.integer({ min: 1, max: 4 }),
        (drawn, idleWorkers) => {
          const items = drawn.map(({ tokens, ...rest }) => text(tokens, rest));
          const queue = queueOf(items);
          const seen: QueuedText[] = [];
          while (queue.size > 0) {
            const oldest = queue.next?.turnAt;
            const left = items.filter((item) => !seen.includes(item));
            expect(oldest).toBe(Math.min(...left.map((item) => item.turnAt)));
            const batch = queue.take({ ...LIMITS, idleWorkers }, NOW);
            expect(Math.min(...batch.map((item) => item.turnAt))).toBe(oldest);
            const longest = Math.max(...batch.map((item) => item.tokens));
            if (batch.length > 1) {
              expect(batch.length * longest).toBeLessThanOrEqual(256);
              expect(batch.some((item) => item.alone || item.sequences > 1)).toBe(false);
            }
            seen.push(...batch);
          }
          expect(seen.length).toBe(items.length);
          expect(new Set(seen)).toEqual(new Set(items));
        },
      ),
    );
  });

  it('lets a text that comes later go before what is not due yet, and not before what is due', () => {
    const long = [0, 1_000, 2_000].map((dueInMs) => text(10, { sequences: 4, dueInMs }));
    const queue = queueOf(long);
    const short = text(10);
    queue.push(short);
    const late = text(10, { dueInMs: 1_500 });
    queue.push(late);
    const order: QueuedText[] = [];
    while (queue.size > 0) order.push(...queue.take(LIMITS, NOW));
    // The short ones share a batch: the later one costs it nothing that another run would not cost more.
    expect(order).toEqual([long[0], short, late, long[1], long[2]]);
  });

  it('shares what is queued among the idle workers', () => {
    const queue = queueOf(Array.from({ length: 8 }, () => text(10)));
    expect(queue.take({ ...LIMITS, idleWorkers: 2 }, NOW)).toHaveLength(4);
  });

  it('gives one text at a time to a version whose answers depend on batch mates', () => {
    expect(queueOf([text(10), text(10)]).take({ ...LIMITS, runsAlone: true }, NOW)).toHaveLength(1);
  });

  it('is empty when nothing waits', () => {
    expect(queueOf([]).take(LIMITS, NOW)).toEqual([]);
  });
});

describe('clients', () => {
  const ofClient = (client: string, count: number, workMs = 1): QueuedText[] =>
    Array.from({ length: count }, () => text(10, { client, workMs }));
  const alone: BatchLimits = { ...LIMITS, runsAlone: true };
  const order = (queue: TextQueue<QueuedText>): string => {
    let lines = '';
    while (queue.size > 0) lines += queue.take(alone, NOW)[0]?.line ?? '?';
    return lines;
  };

  it('take turns by the work of their texts, whoever came first', () => {
    expect(order(queueOf([...ofClient('a', 6), ...ofClient('b', 3)]))).toBe('abababaaa');
    expect(order(queueOf([...ofClient('a', 2, 3), ...ofClient('b', 6)]))).toBe('abbbabbb');
  });

  it('that come later begin where the others are, and have saved up no turns', () => {
    const queue = queueOf(ofClient('a', 4));
    for (let i = 0; i < 3; i++) queue.take(alone, NOW);
    for (const item of [...ofClient('b', 3), ...ofClient('a', 2)]) queue.push(item);
    expect(order(queue)).toBe('abbaba');
  });

  it('that were served are not passed over while new ones keep coming', () => {
    const queue = queueOf(ofClient('a', 10));
    queue.take(alone, NOW);
    let served = 0;
    for (let i = 0; i < 40; i++) {
      for (const name of ['x', 'y']) queue.push(text(10, { client: `${name}${i}` }));
      if (queue.take(alone, NOW)[0]?.line === 'a') served++;
    }
    expect(served).toBeGreaterThan(0);
  });

  it('share a text in the turn that comes first, and get back the turns of a lost worker', () => {
    const queue = queueOf(ofClient('a', 5));
    const last = text(10, { client: 'a' });
    queue.push(last);
    queue.offer(last, 'b');
    expect(last.line).toBe('b');
    const [first] = queue.take(alone, NOW);
    if (first === undefined) throw new Error('no text');
    queue.putBack([first], NOW);
    expect(order(queue)).toBe('abaaaa');
    const shared = text(10, { client: 'a' });
    queue.push(shared);
    for (const item of ofClient('b', 3)) queue.push(item);
    queue.offer(shared, 'b');
    expect(shared.line).toBe('a');
  });
});

describe('TextQueue.putBack', () => {
  it('gives what is not due yet its place behind texts that came meanwhile', () => {
    const [first, second] = [0, 1_000].map((dueInMs) => text(10, { sequences: 4, dueInMs }));
    if (first === undefined || second === undefined) throw new Error('no texts');
    const queue = queueOf([first, second]);
    const taken = [...queue.take(LIMITS, NOW), ...queue.take(LIMITS, NOW)];
    expect(taken).toEqual([first, second]);
    const meanwhile = text(10);
    queue.push(meanwhile);
    queue.putBack([second, first], NOW);
    expect(queue.clear()).toEqual([first, meanwhile, second]);
  });

  it('gives texts that were taken their old place', () => {
    const items = [text(10), text(100), text(10)];
    const queue = queueOf(items);
    const batch = queue.take(LIMITS, NOW);
    expect(batch).toEqual([items[0], items[2]]);
    queue.putBack(batch, NOW);
    expect(queue.next?.turnAt).toBe(items[0]?.turnAt);
    expect(queue.clear()).toEqual(items);
  });
});
