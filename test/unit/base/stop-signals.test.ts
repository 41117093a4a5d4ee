import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { onStopSignals, type StopSignal } from '../../../src/base/stop-signals.js';

let heard: string[];
let remove: () => void;
let send: (signal: StopSignal) => void;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  heard = [];
  const before = process.listeners('SIGINT');
  remove = onStopSignals(
    (signal) => heard.push(`first ${signal}`),
    (signal) => heard.push(`again ${signal}`),
  );
  const [ours] = process.listeners('SIGINT').filter((listener) => !before.includes(listener));
  expect(process.listeners('SIGTERM')).toContain(ours);
  send = (signal) => ours?.(signal);
});
afterEach(() => {
  remove();
  vi.useRealTimers();
});

it('one stop that arrives as two signals is one; a later signal is another', () => {
  send('SIGINT');
  vi.advanceTimersByTime(300);
  send('SIGTERM');
  expect(heard).toEqual(['first SIGINT']);
  vi.advanceTimersByTime(1);
  send('SIGTERM');
  send('SIGINT');
  expect(heard).toEqual(['first SIGINT', 'again SIGTERM', 'again SIGINT']);
});

it('the handlers can be removed', () => {
  const [ints, terms] = [process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')];
  remove();
  expect([process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]).toEqual([ints - 1, terms - 1]);
});
