import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ROOT } from '../../support/repository.js';

interface Progress {
  end(): number;
}

const isTTY = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY');
let written: string[];
const { Progress } = (await import(`${ROOT}bin/progress.mjs`)) as {
  readonly Progress: new (title: string, state: () => string) => Progress;
};

beforeEach(() => {
  written = [];
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  if (isTTY === undefined) Reflect.deleteProperty(process.stderr, 'isTTY');
  else Object.defineProperty(process.stderr, 'isTTY', isTTY);
});

const onTerminal = (isTTY: boolean): void => {
  Object.defineProperty(process.stderr, 'isTTY', { value: isTTY, configurable: true });
};

it('on a terminal one line says how far the work is, anew each second, and goes when it is done', () => {
  onTerminal(true);
  let done = 0;
  const progress = new Progress('installing', () => `${String(++done)} of 3, `);
  vi.advanceTimersByTime(2_000);
  expect(written).toEqual([
    '\r\u001b[Kserin: installing: 1 of 3, 1 s',
    '\r\u001b[Kserin: installing: 2 of 3, 2 s',
  ]);
  expect(progress.end()).toBe(2);
  expect(written.at(-1)).toBe('\r\u001b[K');
  vi.advanceTimersByTime(60_000);
  expect(written).toHaveLength(3);
});

it('elsewhere a line says it every ten seconds, and nothing is said of short work', () => {
  onTerminal(false);
  const progress = new Progress('building', () => '');
  vi.advanceTimersByTime(9_999);
  expect(written).toEqual([]);
  vi.advanceTimersByTime(10_001);
  expect(written).toEqual(['serin: building: 10 s\n', 'serin: building: 20 s\n']);
  progress.end();
  expect(written).toHaveLength(2);
});
