import { describe, expect, it } from 'vitest';
import type { BenchReport } from '../../../src/tools/bench/bench-report.js';
import type { BenchFlags } from '../../../src/cli/bench-flags.js';
import { planOf } from '../../../src/cli/bench-plan.js';
import { checkSettings } from '../../../src/cli/bench-services.js';
import type { FlagValues } from '../../../src/base/config/read-settings.js';

const FLAGS: BenchFlags = { closed: true, hits: 0, lengths: 'mixed', textField: 'text' };

const EARLIER = {
  traffic: { seconds: 6, rounds: 3, warm_up_seconds: 1 },
  runs: [{ loads: [{ load: { kind: 'closed', connections: 4 } }, { load: { kind: 'open', ratePerS: 70 } }] }],
} as unknown as BenchReport;

describe('the plan', () => {
  it('is the default where nothing is said', () => {
    expect(planOf(FLAGS, null, false)).toEqual({
      connections: [1, 8, 32],
      ratesPerS: null,
      rounds: 6,
      seconds: 12,
      warmUpSeconds: 2,
      seed: 1,
    });
  });

  it('is that of the earlier report, but for what the flags say', () => {
    const earlier = { connections: [4], ratesPerS: [70], rounds: 3, seconds: 6, warmUpSeconds: 1 };
    expect(planOf(FLAGS, EARLIER, false)).toMatchObject(earlier);
    expect(planOf({ ...FLAGS, seconds: 9, rounds: 2, warmUp: 4, rate: [50] }, EARLIER, false)).toMatchObject({
      ...earlier,
      ...{ ratesPerS: [50], rounds: 2, seconds: 9, warmUpSeconds: 4 },
    });
  });

  it('has a seed of its own where a cache outlives the measurement', () => {
    expect(planOf(FLAGS, null, true).seed).toBeGreaterThan(1);
    expect(planOf({ ...FLAGS, url: 'http://127.0.0.1:1' }, null, false).seed).toBeGreaterThan(1);
    expect(planOf({ ...FLAGS, seed: 7 }, null, true).seed).toBe(7);
  });
});

describe('two services and a Redis', () => {
  const check = (setting: FlagValues, versus: FlagValues): boolean =>
    checkSettings({ ...FLAGS, setting, versus }, {}).usesRedis;

  it.each([
    [{ REDIS_URL: 'redis://127.0.0.1:6379' }, { WORKERS: '1' }],
    [{ REDIS_URL: 'redis://cache' }, { REDIS_URL: 'redis://CACHE:6379/0' }],
    [{ REDIS_URL: 'redis://cache/2' }, { REDIS_URL: 'redis://user:secret@cache/2' }],
  ])('may not share it: %j, %j', (setting, versus) => {
    expect(() => check(setting, versus)).toThrow(/A and B would share one Redis/);
  });

  it.each([
    [{}, { WORKERS: '1' }, false],
    [{}, { REDIS_URL: 'redis://cache' }, true],
    [{ REDIS_URL: 'redis://cache/1' }, { REDIS_URL: 'redis://cache/2' }, true],
    [{ REDIS_URL: 'redis://cache:6379' }, { REDIS_URL: 'redis://cache:6380' }, true],
  ])('may have one each, or one of them: %j, %j', (setting, versus, usesRedis) => {
    expect(check(setting, versus)).toBe(usesRedis);
  });
});
