import { expect, it } from 'vitest';
import { inOwnTurn, ownTurn } from '../../../src/base/long-steps.js';
import { countTurns } from '../../support/event-loop-turns.js';

it('long steps run one in a turn of the event loop, in their order', async () => {
  const turns = countTurns();
  const ran: [string, number][] = [];
  const all = ['a', 'b', 'c'].map(async (name) => {
    await ownTurn();
    ran.push([name, turns.now()]);
  });
  expect(ran).toEqual([]);
  await Promise.all(all);
  turns.stop();
  expect(ran.map(([name]) => name)).toEqual(['a', 'b', 'c']);
  expect(new Set(ran.map(([, turn]) => turn)).size).toBe(3);
});

it('a long step may ask for another one, which comes after those that wait', async () => {
  const ran: string[] = [];
  await new Promise<void>((done) => {
    inOwnTurn(() => {
      ran.push('first');
      inOwnTurn(() => {
        ran.push('third');
        done();
      });
    });
    inOwnTurn(() => ran.push('second'));
  });
  expect(ran).toEqual(['first', 'second', 'third']);
});
