import { describe, expect, it } from 'vitest';
import { Lifecycle } from '../../../src/observability/lifecycle.js';
import { attachContext, contextOf, RequestContext } from '../../../src/observability/request-context.js';
import { serverTiming } from '../../../src/observability/answer-headers.js';

describe('RequestContext', () => {
  it('has a signal that fires when the client leaves, whether asked for before or after', () => {
    const before = new RequestContext('a', null, 1000);
    const { signal } = before;
    expect(signal.aborted).toBe(false);
    before.clientLeft();
    expect(signal.aborted).toBe(true);

    const after = new RequestContext('b', null, 1000);
    after.clientLeft();
    expect(after.signal.aborted).toBe(true);
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
    expect(serverTiming(context)).toMatch(/^total;dur=\d+\.\d\d$/);
    context.queueMs = 0.126;
    context.inferenceMs = 3;
    expect(serverTiming(context)).toMatch(/^queue;dur=0\.13, inference;dur=3\.00, total;dur=\d+\.\d\d$/);
    const hit = new RequestContext('a', null, 1000);
    hit.cacheLevel = 'memory';
    expect(serverTiming(hit)).toMatch(/^cache;desc=memory, total;dur=\d+\.\d\d$/);
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
