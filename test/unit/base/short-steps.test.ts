import { expect, it } from 'vitest';
import { inBusyTurn } from '../../../src/base/short-steps.js';
import { countTurns } from '../../support/event-loop-turns.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('some steps run at once, and the others in the next turns, in their order', async () => {
  const turns = countTurns();
  const ran: [number, number][] = [];
  for (let i = 0; i < 100; i++) inBusyTurn(() => ran.push([i, turns.now()]));
  expect(ran).toHaveLength(32);
  while (ran.length < 100) await nextTurn();
  turns.stop();
  expect(ran.map(([i]) => i)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  const perTurn = [...new Set(ran.map(([, turn]) => turn))].map(
    (turn) => ran.filter(([, other]) => other === turn).length,
  );
  expect(perTurn).toEqual([32, 32, 32, 4]);
});

it('steps run at once again after a turn without many', async () => {
  await nextTurn();
  await nextTurn();
  let hasRun = false;
  inBusyTurn(() => (hasRun = true));
  expect(hasRun).toBe(true);
});
