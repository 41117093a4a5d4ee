import { describe, expect, it } from 'vitest';
import { withAll } from '../../../bench/base/close-all.js';

describe('what runs while the bench works with it', () => {
  const closed: string[] = [];
  const start = (name: string): Promise<{ close(): Promise<void> }> => {
    if (name === 'bad') return Promise.reject(new Error('cannot start'));
    return Promise.resolve({
      close: () => {
        closed.push(name);
        return name === 'stuck' ? Promise.reject(new Error('cannot be closed')) : Promise.resolve();
      },
    });
  };
  const run = (names: string[], work: () => Promise<string>): Promise<string> => {
    closed.length = 0;
    return withAll(names, start, work);
  };
  const fails = (): Promise<string> => Promise.reject(new Error('cannot work'));

  it('is closed when all went well, when the work fails, and when a later one cannot start', async () => {
    expect(await run(['a', 'b'], () => Promise.resolve('measured'))).toBe('measured');
    expect(closed).toEqual(['a', 'b']);
    await expect(run(['a', 'b'], fails)).rejects.toThrow('cannot work');
    expect(closed).toEqual(['a', 'b']);
    await expect(run(['a', 'bad', 'b'], fails)).rejects.toThrow('cannot start');
    expect(closed).toEqual(['a']);
  });

  it('is closed beside one that cannot be, and the reason stays the one of the work', async () => {
    await expect(run(['stuck', 'b'], fails)).rejects.toThrow('cannot work');
    expect(closed).toEqual(['stuck', 'b']);
  });
});
