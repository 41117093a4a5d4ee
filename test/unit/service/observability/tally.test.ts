import { Counter, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Tally } from '../../../../src/service/observability/tally.js';

function counted(): { tally: Tally; scrape: () => Promise<string[]> } {
  const registry = new Registry();
  const tally = new Tally(['route', 'code']);
  new Counter({
    name: 'asked_total',
    help: 'What was asked.',
    labelNames: ['route', 'code'],
    registers: [registry],
    collect() {
      tally.flush(this);
    },
  });
  const scrape = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('asked_total'));
  return { tally, scrape };
}

describe('a tally', () => {
  it('is told to its counter at each scrape, once, series by series', async () => {
    const { tally, scrape } = counted();
    tally.add(1, '/a', '');
    tally.add(2, '/a', 'BAD');
    tally.add(1, '/b', '');
    tally.add(1, '/a', '');
    const first = [
      'asked_total{route="/a",code=""} 2',
      'asked_total{route="/a",code="BAD"} 2',
      'asked_total{route="/b",code=""} 1',
    ];
    expect(await scrape()).toEqual(first);
    expect(await scrape()).toEqual(first);
    tally.add(5, '/b', '');
    expect(await scrape()).toEqual([...first.slice(0, 2), 'asked_total{route="/b",code=""} 6']);
  });

  it('has a series that never counted, once it was named', async () => {
    const { tally, scrape } = counted();
    expect(await scrape()).toEqual([]);
    tally.add(0, '/a', '');
    expect(await scrape()).toEqual(['asked_total{route="/a",code=""} 0']);
  });
});
