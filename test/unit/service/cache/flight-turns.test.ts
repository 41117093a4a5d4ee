import { describe, expect, it } from 'vitest';
import { Departure } from '../../../../src/service/request/departure.js';
import type { Turn } from '../../../../src/engine/dispatch/executor.js';
import { Bench, settled, SLOW, TURN } from '../../../support/flight-bench.js';

describe('the turn of a flight', () => {
  const JOB: Turn = { client: 'key:job', origin: 'job', priority: 'background', deadlineAt: SLOW + 9_000 };

  it('is that of the request that leads, when its text is submitted', async () => {
    const bench = new Bench();
    const request = bench.request(['a'], JOB);
    expect(bench.turns.get('a')).toEqual(JOB);
    bench.finish('a');
    await request;
  });

  it.each([true, false])(
    'has the latest deadline and the best place of those who wait (before the second level has answered: %s)',
    async (secondLevel) => {
      const bench = new Bench({ secondLevel });
      const gone = new Departure();
      const job = bench.request(['a'], { ...JOB, departure: gone });
      const user = bench.request(['a']);
      bench.answerLookUp?.([undefined]);
      await settled();
      expect(bench.turns.get('a')).toEqual({ ...TURN, deadlineAt: JOB.deadlineAt });
      gone.leave();
      expect(bench.turns.get('a')).toEqual(TURN);
      bench.finish('a');
      expect(await Promise.all([job, user])).toEqual([['DEADLINE_EXCEEDED'], [1]]);
    },
  );

  it('is shared with each other client that joins: its text may run in the turn of any of them', async () => {
    const bench = new Bench();
    const requests = [
      bench.request(['a']),
      bench.request(['a'], { client: 'key:other' }),
      bench.request(['a']),
    ];
    expect(bench.shared).toEqual(['a key:other']);
    bench.finish('a');
    await Promise.all(requests);
  });

  it('falls back to the place of those who stay when the one in front leaves', async () => {
    const bench = new Bench();
    const gone = new Departure();
    const user = bench.request(['a'], { departure: gone });
    const job = bench.request(['a'], JOB);
    expect(bench.turns.get('a')).toEqual({ ...TURN, deadlineAt: JOB.deadlineAt });
    gone.leave();
    expect(bench.turns.get('a')).toEqual(JOB);
    bench.finish('a');
    expect(await Promise.all([user, job])).toEqual([['DEADLINE_EXCEEDED'], [1]]);
  });
});
