import { describe, expect, it } from 'vitest';
import { listOf, percent, settingValue } from '../../../src/cli/bench-flags.js';
import { positiveNumber, wholeNumber } from '../../../src/cli/service-flags.js';
import { childEnvironment } from '../../../src/base/config/child-environment.js';

describe('a list of numbers', () => {
  const connections = listOf(wholeNumber(1, 100));
  it('is one, several with commas, or the flag again; each once', () => {
    expect(connections('8', undefined)).toEqual([8]);
    expect(connections('1, 8,32', undefined)).toEqual([1, 8, 32]);
    expect(connections('8,64', [1, 8])).toEqual([1, 8, 64]);
    expect(listOf(positiveNumber(10))('0.5,2', undefined)).toEqual([0.5, 2]);
  });

  it.each(['', '1,', 'x', '1;2', '0', '101', '-1', '1.5'])('is not "%s"', (value) => {
    expect(() => connections(value, undefined)).toThrow('It must be a whole number, 1 to 100.');
  });
});

describe('a setting', () => {
  it('is NAME=VALUE, and the value may hold anything', () => {
    expect(settingValue('WORKERS=2', undefined)).toEqual({ WORKERS: '2' });
    expect(settingValue('REDIS_URL=redis://h/?a=b', { WORKERS: '2' })).toEqual({
      WORKERS: '2',
      REDIS_URL: 'redis://h/?a=b',
    });
  });

  it.each([
    ['WORKERS', /must be NAME=VALUE/],
    ['=2', /must be NAME=VALUE/],
    ['WORKERS=', /must be NAME=VALUE/],
    ['WORKER=2', /no setting WORKER\. Did you mean "WORKERS"\?/],
    ['workers=2', /no setting workers/],
    ['PORT=1', /PORT is chosen by the measurement/],
  ])('is not %s', (value, message) => {
    expect(() => settingValue(value, undefined)).toThrow(message);
  });
});

describe('a share of hits', () => {
  it('is 0 to 100', () => {
    expect(['0', '50', '99.5', '100'].map(percent)).toEqual([0, 50, 99.5, 100]);
    for (const value of ['', '-1', '100.5', '1e1', '50%']) expect(() => percent(value)).toThrow('0 to 100');
  });
});

describe('the environment of a second service', () => {
  it('lacks what is the first one’s own, and has the settings', () => {
    const env = { PATH: '/bin', WORKERS: '1', PORT: '80', REDIS_URL: 'redis://shared', API_KEYS: 'a:b' };
    expect(childEnvironment({ WORKERS: '2', CACHE_MAX_ITEMS: '0' }, env)).toEqual({
      PATH: '/bin',
      WORKERS: '2',
      CACHE_MAX_ITEMS: '0',
    });
  });
});
