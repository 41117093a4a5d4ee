import { describe, expect, it } from 'vitest';
import { Departure } from '../../../../src/service/request/departure.js';
import { AppError } from '../../../../src/base/errors/app-error.js';
import { Bench, idOf, missing, OVERLOADED, settled, TURN, version } from '../../../support/flight-bench.js';

describe.each([true, false])('equal texts in flight (cache on: %s)', (cache) => {
  it('share one computation, within a request and across requests', async () => {
    const bench = new Bench({ cache });
    const requests = [bench.request(['a', 'bb']), bench.request(['bb', 'a']), bench.request(['a'])];
    expect(bench.submitted).toEqual(['a', 'bb']);
    bench.finish('a');
    bench.finish('bb');
    expect(await Promise.all(requests)).toEqual([[1, 2], [2, 1], [1]]);
    expect(bench.kept).toHaveLength(cache ? 2 : 0);
  });

  it('share a failure, which is not kept', async () => {
    const bench = new Bench({ cache });
    const requests = [bench.request(['a']), bench.request(['a'])];
    bench.finish('a', { ok: false, error: new AppError('INFERENCE_FAILED', 'no') });
    expect(await Promise.all(requests)).toEqual([['INFERENCE_FAILED'], ['INFERENCE_FAILED']]);
    expect(bench.kept).toEqual([]);
    expect(bench.flights.find(idOf('a'))).toBeUndefined();
  });
});

describe('a flight that has landed', () => {
  it('can be joined until memory has the answer, and no longer', async () => {
    const bench = new Bench();
    const first = bench.request(['a']);
    bench.finish('a');
    expect(await first).toEqual([1]);
    expect(await bench.request(['a'])).toEqual([1]);
    expect(bench.submitted).toEqual(['a']);
    bench.keepingDone();
    await settled();
    expect(bench.flights.find(idOf('a'))).toBeUndefined();
  });

  it('is neither kept nor joined when a purge met it in the air', async () => {
    const bench = new Bench();
    const before = bench.request(['a']);
    bench.flights.purge({ versionDigest: version.digest });
    const after = bench.request(['a']);
    expect(bench.submitted).toEqual(['a', 'a']);
    bench.finish('a');
    expect(await Promise.all([before, after])).toEqual([[1], [1]]);
    expect(bench.kept).toHaveLength(1);
    bench.flights.purge({ model: 'another' });
    expect(bench.flights.find(idOf('a'))).toBeDefined();
  });
});

describe('who leaves', () => {
  it('does not disturb the others, also when it is the one who led', async () => {
    const bench = new Bench();
    const gone = new Departure();
    const leader = bench.request(['a'], { departure: gone });
    const follower = bench.request(['a']);
    gone.leave();
    expect(await leader).toEqual(['DEADLINE_EXCEEDED']);
    expect(bench.cancelled).toEqual([]);
    bench.finish('a');
    expect(await follower).toEqual([1]);
  });

  it('cancels the computation when it is the last, and the next one computes anew', async () => {
    const bench = new Bench();
    const gone = [new Departure(), new Departure()];
    const requests = gone.map((departure) => bench.request(['a', 'bb'], { departure }));
    gone[0]?.leave();
    expect(bench.cancelled).toEqual([]);
    gone[1]?.leave();
    expect(bench.cancelled).toEqual(['a', 'bb']);
    const next = bench.request(['a']);
    expect(await Promise.all(requests)).toEqual([
      ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'],
      ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'],
    ]);
    bench.finish('a');
    expect(await next).toEqual([1]);
    expect(bench.submitted).toEqual(['a', 'bb', 'a']);
  });

  it('waits by its own deadline, and keeps what has landed by then', async () => {
    const bench = new Bench();
    const hasty = bench.request(['a', 'bb'], { deadlineAt: performance.now() + 20 });
    const patient = bench.request(['bb']);
    bench.finish('a');
    expect(await hasty).toEqual([1, 'DEADLINE_EXCEEDED']);
    bench.finish('bb');
    expect(await patient).toEqual([2]);
  });

  it('leaves nothing behind: no listener, once all have landed', async () => {
    const bench = new Bench();
    const departure = new Departure();
    const listening = new Set<unknown>();
    let most = 0;
    const add = departure.add.bind(departure);
    departure.add = (listener): void => {
      listening.add(listener);
      most = Math.max(most, listening.size);
      add(listener);
    };
    departure.remove = (listener): void => {
      listening.delete(listener);
    };
    const request = bench.request(['a', 'bb', 'ccc'], { departure });
    for (const text of ['a', 'bb', 'ccc']) bench.finish(text);
    await request;
    expect([most, listening.size]).toEqual([1, 0]);
  });
});

describe('the second level', () => {
  it('is asked once for equal texts, and what it has is not computed', async () => {
    const bench = new Bench({ secondLevel: true });
    const requests = [bench.request(['a']), bench.request(['a'])];
    bench.answerLookUp?.([{ value: { scores: [1] }, tokens: 7, truncated: false }]);
    expect(await Promise.all(requests)).toEqual([[7], [7]]);
    expect(bench.submitted).toEqual([]);
  });

  it('leaves to the executor what it has not', async () => {
    const bench = new Bench({ secondLevel: true });
    const request = bench.request(['a', 'bb']);
    bench.answerLookUp?.([undefined, { value: { scores: [1] }, tokens: 7, truncated: false }]);
    await settled();
    expect(bench.submitted).toEqual(['a']);
    bench.finish('a');
    expect(await request).toEqual([1, 7]);
  });

  it('does not answer a flight that is to be computed afresh', async () => {
    const bench = new Bench({ secondLevel: true });
    const request = bench.request(['a']);
    const flight = bench.flights.find(idOf('a'));
    if (flight !== undefined) flight.afresh = true;
    bench.answerLookUp?.([{ value: { scores: [1] }, tokens: 7, truncated: false }]);
    await settled();
    bench.finish('a');
    expect(await request).toEqual([1]);
  });

  it('starts no computation for whoever left during the look-up', async () => {
    const bench = new Bench({ secondLevel: true });
    const gone = new Departure();
    const request = bench.request(['a'], { departure: gone });
    gone.leave();
    bench.answerLookUp?.([undefined]);
    await settled();
    expect(await request).toEqual(['DEADLINE_EXCEEDED']);
    expect(bench.submitted).toEqual([]);
  });
});

describe('a request that is not admitted', () => {
  it('is told at once, and leaves no flight behind', () => {
    const bench = new Bench();
    bench.refuse = true;
    expect(() => bench.flights.start([missing('a')], true, TURN)).toThrow(OVERLOADED);
    expect(bench.flights.find(idOf('a'))).toBeUndefined();
  });

  it('is refused itself, as is each who followed, while there is no room', async () => {
    const bench = new Bench({ secondLevel: true });
    const requests = [bench.request(['a']), bench.request(['a']), bench.request(['a'])];
    bench.refuse = true;
    bench.answerLookUp?.([undefined]);
    const results = await Promise.allSettled(requests);
    expect(results).toEqual(requests.map(() => ({ status: 'rejected', reason: OVERLOADED })));
    expect(bench.flights.find(idOf('a'))).toBeUndefined();
  });

  it('fails alone when there is room for who followed', async () => {
    const bench = new Bench({ secondLevel: true });
    const big = bench.request(['a', 'bb']);
    const followers = [bench.request(['a']), bench.request(['a'])];
    bench.room = 1;
    bench.answerLookUp?.([undefined, undefined]);
    await expect(big).rejects.toBe(OVERLOADED);
    expect(bench.submitted).toEqual(['a']);
    bench.finish('a');
    expect(await Promise.all(followers)).toEqual([[1], [1]]);
  });

  it('leaves the flights of others that it had joined', async () => {
    const bench = new Bench({ secondLevel: true });
    const gone = new Departure();
    const first = bench.request(['a'], { departure: gone });
    bench.answerLookUp?.([undefined]);
    await settled();
    const second = bench.request(['a', 'bb']);
    bench.refuse = true;
    bench.answerLookUp?.([undefined]);
    await expect(second).rejects.toBe(OVERLOADED);
    gone.leave();
    expect(await first).toEqual(['DEADLINE_EXCEEDED']);
    expect(bench.cancelled).toEqual(['a']);
  });
});
