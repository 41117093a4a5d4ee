import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/base/seeded-random.js';
import {
  DispatchSimulation,
  type CallResult,
  type SimulatedCall,
  type SimulationOptions,
} from '../../../support/dispatch-simulation.js';

const SECONDS = 6;

/** Calls at random moments, so many in a second, for some seconds. */
function offer(
  simulation: DispatchSimulation,
  perSecond: number,
  call: (random: () => number) => SimulatedCall,
  { from = 0, seconds = SECONDS, seed = 1 } = {},
): void {
  const random = seededRandom(seed);
  for (let at = from; at < from + seconds * 1_000; at += (-Math.log(1 - random()) * 1_000) / perSecond)
    simulation.at(at, () => {
      simulation.call(call(random));
    });
}

const short = (random: () => number): SimulatedCall => ({ tokens: 8 + Math.floor(random() * 40) });

const sum = (results: readonly CallResult[], of: (result: CallResult) => number): number =>
  results.reduce((total, result) => total + of(result), 0);

const answeredOf = (results: readonly CallResult[]): number => sum(results, ({ answered }) => answered);
const expiredOf = (results: readonly CallResult[]): number => sum(results, ({ expired }) => expired);

/** Texts answered in time per second, when clients offer so many. */
function goodput(perSecond: number, options: SimulationOptions = {}): number {
  const simulation = new DispatchSimulation(options);
  offer(simulation, perSecond, short);
  simulation.run();
  return answeredOf(simulation.results) / SECONDS;
}

/** The greatest rate at which everything is answered; about 1,050 texts/s. */
const PEAK = goodput(950);

const p99 = (results: readonly CallResult[]): number => {
  const sorted = results.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
  return sorted[Math.floor(0.99 * (sorted.length - 1))] ?? NaN;
};

describe('beyond capacity', () => {
  it.each([
    ['a quiet machine', () => 1],
    ['a machine that is five times slower', () => 5],
    [
      'a machine that is twice as slow every second second',
      (now: number) => 1 + (Math.floor(now / 1_000) % 2),
    ],
  ])('answers as many as it can, and at most one in a hundred expires: %s', (_, slowness) => {
    const speed = Array.from({ length: SECONDS }, (__, second) => 1 / slowness(second * 1_000 + 1_500));
    const peak = (PEAK * speed.reduce((total, one) => total + one, 0)) / SECONDS;
    const simulation = new DispatchSimulation({ slowness });
    // A second of little load, in which the pace is measured.
    offer(simulation, 50, short, { seconds: 1 });
    offer(simulation, 3 * PEAK, short, { from: 1_000, seconds: SECONDS });
    simulation.run();
    const results = simulation.results.filter(({ at }) => at >= 1_000);
    const answered = answeredOf(results);
    expect(answered / SECONDS).toBeGreaterThan(0.9 * peak);
    expect(expiredOf(results)).toBeLessThanOrEqual(0.01 * (answered + expiredOf(results)));
    expect(sum(results, ({ refusal }) => (refusal?.code === 'OVERLOADED' ? 1 : 0))).toBe(
      results.length - answered - expiredOf(results),
    );
  });

  it('loses only texts that were admitted before, when the machine becomes five times slower', () => {
    const changeAt = 3_000;
    const simulation = new DispatchSimulation({ slowness: (now) => (now < changeAt ? 1 : 5) });
    offer(simulation, 3 * PEAK, short, { seconds: 8 });
    simulation.run();
    const after = simulation.results.filter(({ at }) => at > changeAt + 1_000);
    expect(expiredOf(after)).toBeLessThanOrEqual(0.01 * answeredOf(after));
    const inSlowTime = simulation.results.filter(({ at, latencyMs }) => {
      const endAt = at + latencyMs;
      return endAt > changeAt + 500 && endAt <= 8_000;
    });
    expect(answeredOf(inSlowTime) / 4.5).toBeGreaterThan((0.8 * PEAK) / 5);
  });
});

describe('Retry-After', () => {
  it('is 1 to 1.5 times the wait that was needed, and 9 of 10 callers that wait are admitted', () => {
    const simulation = new DispatchSimulation();
    const waits: { told: number; admitted: boolean }[] = [];
    const batch: SimulatedCall = { client: 'burst', texts: 256, tokens: 128, deadlineMs: 8_000 };
    simulation.at(0, () => {
      for (let i = 0; i < 16; i++) {
        const { refusal } = simulation.call(batch);
        if (refusal?.retryAfterMs === undefined) continue;
        const told = refusal.retryAfterMs;
        simulation.at(told, () => {
          waits.push({ told, admitted: simulation.call(batch).refusal === undefined });
        });
      }
    });
    simulation.run();
    expect(waits.length).toBeGreaterThanOrEqual(10);
    const admitted = waits.filter((wait) => wait.admitted).length;
    expect(admitted / waits.length).toBeGreaterThanOrEqual(0.9);
  });

  it('is the time after which a lone caller is admitted, not much more', () => {
    const simulation = new DispatchSimulation();
    let told = NaN;
    let needed = NaN;
    const batch: SimulatedCall = { client: 'a', texts: 128, deadlineMs: 2_000 };
    const probe = (): void => {
      const { refusal } = simulation.call(batch);
      if (refusal === undefined) {
        needed = simulation.now;
        return;
      }
      if (Number.isNaN(told)) told = refusal.retryAfterMs ?? NaN;
      simulation.at(simulation.now + 5, probe);
    };
    simulation.at(0, () => {
      for (let i = 0; i < 4; i++)
        simulation.call({ client: 'a', texts: 256, tokens: 128, deadlineMs: 9_000 });
      probe();
    });
    simulation.run();
    expect(told).toBeGreaterThanOrEqual(needed);
    expect(told).toBeLessThanOrEqual(1.5 * needed + 5);
  });
});

describe('a batch that can never fit', () => {
  it('is told how many texts would, and so many do', () => {
    const simulation = new DispatchSimulation();
    const batch: SimulatedCall = { client: 'a', texts: 400, tokens: 200, deadlineMs: 2_000 };
    const { refusal } = simulation.call(batch);
    expect(refusal?.code).toBe('BATCH_TOO_LARGE');
    const fitting = Number(/at most (\d+)/.exec(refusal?.message ?? '')?.[1]);
    expect(fitting).toBeGreaterThan(40);
    expect(refusal?.errors).toEqual([{ field: 'texts', message: `at most ${fitting} of these texts fit` }]);
    simulation.at(0, () => {
      simulation.call({ ...batch, texts: fitting });
    });
    simulation.run();
    expect(simulation.results.at(-1)).toMatchObject({ refusal: undefined, answered: fitting });
  });

  it('is told that the deadline is too short when it is a single text', () => {
    const simulation = new DispatchSimulation();
    expect(simulation.call({ tokens: 200, deadlineMs: 5 }).refusal?.code).toBe('DEADLINE_EXCEEDED');
  });
});

describe('a machine that was slow', () => {
  it('is tried again: a long text is answered once the machine has recovered, and a lone one is tried before', () => {
    let slowness = 20;
    const simulation = new DispatchSimulation({ slowness: () => slowness });
    const long: SimulatedCall = { tokens: 250, deadlineMs: 300 };
    offer(simulation, 50, short, { seconds: 2 });
    simulation.at(2_500, () => simulation.call(long));
    simulation.at(3_000, () => {
      slowness = 1;
      simulation.call(long);
    });
    simulation.at(3_500, () => simulation.call(long));
    simulation.run();
    const asked = simulation.results.slice(-3);
    expect(asked.map(({ answered, refusal }) => [answered, refusal])).toEqual([
      [0, undefined],
      [1, undefined],
      [1, undefined],
    ]);
  });
});

describe('fair shares', () => {
  const polite = (simulation: DispatchSimulation): CallResult[] =>
    simulation.results.filter(({ client }) => client.startsWith('polite'));

  /** A client that sends the next batch when the last one is answered, and again as soon as it is refused. */
  function greedy(simulation: DispatchSimulation, client: string, call: SimulatedCall): void {
    const again = (): void => {
      if (simulation.now >= SECONDS * 1_000) return;
      simulation.call({
        ...call,
        client,
        ended: (_, now) => {
          simulation.at(now + 20, again);
        },
      });
    };
    simulation.at(0, again);
  }

  it('keep others near the latency of equal clients beside a client that offers 20 times its share', () => {
    const equal = new DispatchSimulation();
    for (let i = 0; i < 5; i++)
      offer(equal, PEAK / 6, (random) => ({ ...short(random), client: `polite ${i}` }), { seed: i + 1 });
    equal.run();

    const beside = new DispatchSimulation();
    for (let i = 0; i < 4; i++)
      offer(beside, PEAK / 6, (random) => ({ ...short(random), client: `polite ${i}` }), { seed: i + 1 });
    for (let i = 0; i < 8; i++) greedy(beside, 'greedy', { texts: 256, tokens: 250, deadlineMs: 8_000 });
    beside.run();

    const longestRunMs = 0.6 + 250 * (0.07 + 0.0001 * 250);
    expect(polite(beside).filter(({ refusal, expired }) => refusal !== undefined || expired > 0)).toEqual([]);
    expect(p99(polite(beside))).toBeLessThanOrEqual(2 * p99(polite(equal)) + longestRunMs);
  });

  it('give a single client everything', () => {
    const simulation = new DispatchSimulation();
    offer(simulation, 3 * PEAK, (random) => ({ ...short(random), client: 'only' }));
    simulation.run();
    expect(answeredOf(simulation.results) / SECONDS).toBeGreaterThan(0.9 * PEAK);
  });

  it('follow the weights while all have work', () => {
    const simulation = new DispatchSimulation({ weightOf: (client) => (client === 'double' ? 2 : 1) });
    for (const client of ['single', 'double'])
      offer(simulation, 3 * PEAK, () => ({ client }), { seed: client === 'single' ? 1 : 2 });
    simulation.run();
    const of = (name: string): number =>
      answeredOf(simulation.results.filter(({ client }) => client === name));
    expect(of('double') / of('single')).toBeGreaterThan(1.8);
    expect(of('double') / of('single')).toBeLessThan(2.2);
  });
});
