import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BreakerState, RedisBreaker } from '../../../../src/service/cache/redis-breaker.js';

interface Bench {
  readonly breaker: RedisBreaker;
  readonly states: BreakerState[];
  now: number;
}

const bench = (): Bench => {
  const clock = { now: 0 };
  const states: BreakerState[] = [];
  const breaker = new RedisBreaker({
    failuresToOpen: 3,
    openMs: 1000,
    now: () => clock.now,
    onChange: (state) => states.push(state),
  });
  return Object.assign(clock, { breaker, states });
};

const passed = (breaker: RedisBreaker): number => {
  const pass = breaker.pass();
  if (pass === null) throw new Error('the breaker let nobody through');
  return pass;
};

const fail = (breaker: RedisBreaker, times = 1): void => {
  for (let i = 0; i < times; i++) breaker.failed(passed(breaker));
};

describe('RedisBreaker', () => {
  it('opens after so many failures in a row, and not before', () => {
    const { breaker } = bench();
    fail(breaker, 2);
    breaker.succeeded(passed(breaker));
    fail(breaker, 2);
    expect(breaker.state).toBe('closed');
    fail(breaker);
    expect(breaker.state).toBe('open');
    expect(breaker.pass()).toBeNull();
  });

  it('lets one through after its time, and closes when that goes well', () => {
    const b = bench();
    fail(b.breaker, 3);
    b.now = 999;
    expect(b.breaker.pass()).toBeNull();
    b.now = 1000;
    const probe = passed(b.breaker);
    expect(b.breaker.pass()).toBeNull();
    b.breaker.succeeded(probe);
    fail(b.breaker, 2);
    expect(b.breaker.pass()).not.toBeNull();
    expect(b.states).toEqual(['open', 'half_open', 'closed']);
  });

  it('opens for its whole time again when the probe fails', () => {
    const b = bench();
    fail(b.breaker, 3);
    b.now = 1500;
    fail(b.breaker);
    b.now = 2499;
    expect(b.breaker.pass()).toBeNull();
    b.now = 2500;
    expect(b.breaker.pass()).not.toBeNull();
  });

  it('ignores what comes late from a phase that is over', () => {
    const b = bench();
    const early = [
      passed(b.breaker),
      passed(b.breaker),
      passed(b.breaker),
      passed(b.breaker),
      passed(b.breaker),
    ];
    for (const pass of early.slice(0, 3)) b.breaker.failed(pass);
    b.now = 900;
    b.breaker.failed(early[3] ?? -1);
    b.now = 1000;
    const probe = passed(b.breaker);
    b.breaker.succeeded(early[4] ?? -1);
    expect(b.breaker.state).toBe('half_open');
    b.breaker.succeeded(probe);
    expect(b.breaker.state).toBe('closed');
  });

  it('keeps its promises whatever happens in whatever order', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('ask' as const) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1500 }) }),
      fc.record({ kind: fc.constantFrom('succeed' as const, 'fail' as const), which: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const b = bench();
        const asking: number[] = [];
        let openedAt = -Infinity;
        let probes = 0;
        for (const each of actions) {
          const before = b.breaker.state;
          if (each.kind === 'wait') b.now += each.ms;
          else if (each.kind === 'ask') {
            const pass = b.breaker.pass();
            if (before === 'closed') expect(pass).not.toBeNull();
            if (before === 'half_open') expect(pass).toBeNull();
            if (before === 'open') expect(pass !== null).toBe(b.now - openedAt >= 1000);
            if (pass !== null) asking.push(pass);
          } else if (asking.length > 0) {
            const [pass = -1] = asking.splice(each.which % asking.length, 1);
            if (each.kind === 'succeed') b.breaker.succeeded(pass);
            else b.breaker.failed(pass);
          }
          const after = b.breaker.state;
          if (after === 'open' && before !== 'open') openedAt = b.now;
          probes = after === 'half_open' ? (before === 'half_open' ? probes : 1) : 0;
          expect(probes).toBeLessThanOrEqual(1);
        }
        // However it ends, a Redis that works again closes it.
        b.now += 5000;
        for (const pass of asking) b.breaker.failed(pass);
        b.now += 5000;
        b.breaker.succeeded(passed(b.breaker));
        expect(b.breaker.state).toBe('closed');
      }),
    );
  });
});
