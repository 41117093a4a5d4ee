import { describe, expect, it } from 'vitest';
import { Lifecycle } from '../../../../src/service/request/lifecycle.js';
import { attachContext, contextOf, RequestContext } from '../../../../src/service/request/request-context.js';
import { serverTiming } from '../../../../src/service/http/answer-headers.js';

describe('RequestContext', () => {
  it('knows that its client has left', () => {
    const { departure } = new RequestContext('a', null, 1000);
    const calls: string[] = [];
    const kept = (): void => {
      calls.push('kept');
    };
    const removed = (): void => {
      calls.push('removed');
    };
    departure.add(kept);
    departure.add(removed);
    departure.remove(removed);
    expect(departure.hasLeft).toBe(false);
    departure.leave();
    departure.leave();
    departure.add(removed);
    expect([departure.hasLeft, ...calls]).toEqual([true, 'kept']);
  });

  it('hangs on the response that answers its request', () => {
    const context = new RequestContext('a', null, 1000);
    const response = {};
    expect(contextOf(response)).toBeUndefined();
    attachContext(response, context);
    expect(contextOf(response)).toBe(context);
  });

  it('is told in Server-Timing: the level of the cache that answered, the stages that happened, the total', () => {
    const context = new RequestContext('a', null, 1000);
    expect(serverTiming(context)).toMatch(/^total;dur=\d+\.\d{3}$/);
    context.queueMs = 0.1256;
    context.inferenceMs = 3;
    expect(serverTiming(context)).toMatch(/^queue;dur=0\.126, inference;dur=3\.000, total;dur=\d+\.\d{3}$/);
    const hit = new RequestContext('a', null, 1000);
    hit.cacheLevel = 'memory';
    hit.receivedAt = hit.startedAt + 0.25;
    hit.turnAt = hit.startedAt + 0.3125;
    expect(serverTiming(hit)).toMatch(
      /^receive;dur=0\.250, cache;desc=memory;dur=0\.06[23], serialise;dur=[-\d.]+, total;dur=[\d.]+$/,
    );
  });

  it('divides its time into stages that follow one another', () => {
    const context = new RequestContext('a', null, 1000);
    const { startedAt } = context;
    expect(new Set(Object.values(context.stages(5)))).toEqual(new Set([null]));
    context.receivedAt = startedAt + 1;
    // Of a failed request nothing more is known.
    expect(context.stages(5)).toMatchObject({ cacheMs: null, eventLoopMs: null, serialiseMs: null });
    Object.assign(context, { lookedUpAt: startedAt + 3, resultAt: startedAt + 19, turnAt: startedAt + 24 });
    Object.assign(context, { queueMs: 1, transferMs: 2, tokenizeMs: 4, inferenceMs: 9 });
    const near = (ms: number): unknown => expect.closeTo(ms, 6);
    expect(context.stages(30)).toEqual({
      ...{ receiveMs: near(1), cacheMs: near(2), joinMs: null },
      ...{ queueMs: 1, transferMs: 2, tokenizeMs: 4, inferenceMs: 9 },
      ...{ eventLoopMs: near(5), serialiseMs: near(6) },
    });
    const told = Object.values<number | null>({ ...context.stages(30) });
    expect(told.reduce<number>((sum, ms) => sum + (ms ?? 0), 0)).toBeCloseTo(30, 6);
  });
});

describe('Lifecycle', () => {
  it('goes one way', () => {
    const lifecycle = new Lifecycle();
    expect(lifecycle.phase).toBe('serving');
    lifecycle.leave();
    expect(lifecycle.phase).toBe('leaving');
    lifecycle.drain();
    lifecycle.leave();
    expect(lifecycle.phase).toBe('draining');
  });
});
