import { describe, expect, it } from 'vitest';
import { advise } from '../../../../src/tools/replay/advice.js';
import { compareWithIdeal } from '../../../../src/tools/replay/compare-with-ideal.js';
import { renderCurve } from '../../../../src/tools/replay/curve-svg.js';
import { bar, bytes } from '../../../../src/base/format.js';
import { HitCurve, sizingOf } from '../../../../src/tools/replay/hit-curve.js';
import { outcomeOf } from '../../../../src/tools/replay/exchange-figures.js';
import { renderReport } from '../../../../src/tools/replay/render-replay.js';
import type { Exchange, Reply, Source } from '../../../../src/tools/traffic/reply.js';
import type { ReplayReport } from '../../../../src/tools/replay/replay-report.js';
import { stackDistances } from '../../../../src/tools/replay/stack-distance.js';
import { element, escapeXml } from '../../../../src/base/charts/svg.js';
import { expectFits, LONG_MODEL, LONG_VERSION, NARROW } from '../../../support/narrow-screen.js';

const from = (source: Source, version = 'v1'): Reply => ({ ok: true, source, version });
const failed = (code: string): Reply => ({ ok: false, code });

/** One request every 10 ms, answered after 4 ms unless told otherwise. */
const exchangesOf = (replies: readonly Reply[], latencyMs = 4): Exchange[] =>
  replies.map((reply, index) => ({ index, sentMs: index * 10, lateMs: 0, latencyMs, reply }));

function compare(ids: readonly number[], exchanges: readonly Exchange[], entries: number) {
  const distances = stackDistances(ids);
  return compareWithIdeal(exchanges, ids, distances, { curve: new HitCurve(distances), entries });
}

describe('the comparison with an ideal LRU', () => {
  it('is even when the cache does what the ideal one does', () => {
    const replies = [from('model'), from('model'), from('memory'), from('redis')];
    expect(compare([0, 1, 0, 1], exchangesOf(replies), 2)).toEqual({
      entries: 2,
      hit_rate: 0.5,
      warm_hits: 0,
      observed_hit_rate: 0.5,
      difference_points: 0,
      joined_misses: 0,
    });
    expect(compare([0, 1, 0, 1], exchangesOf(replies), 1)).toMatchObject({
      hit_rate: 0,
      difference_points: 50,
    });
  });

  it('does not count what the cache had before', () => {
    const replies = [from('memory'), from('model'), from('memory'), from('memory')];
    expect(compare([0, 1, 0, 1], exchangesOf(replies), 10)).toMatchObject({
      warm_hits: 1,
      observed_hit_rate: 0.5,
      difference_points: 0,
    });
  });

  it('tells misses that came while the same text was computed', () => {
    const replies = [from('model'), from('model'), from('model'), from('model')];
    // Answers take 15 ms: the second request comes during the first, the fourth after all others.
    const found = compare([0, 0, 1, 0], exchangesOf(replies, 15), 10);
    expect(found).toMatchObject({ joined_misses: 1, difference_points: -50 });
  });

  it('knows when a request that left late was really sent', () => {
    const exchanges = [
      // Due at 0 ms, sent at 5, answered at 10; its latency counts from 0.
      { index: 0, sentMs: 5, lateMs: 5, latencyMs: 10, reply: from('model') },
      { index: 1, sentMs: 12, lateMs: 0, latencyMs: 10, reply: from('model') },
    ];
    expect(compare([0, 0], exchanges, 10).joined_misses).toBe(0);
  });
});

describe('the outcome', () => {
  it('adds up', () => {
    const replies = [
      ...[from('model'), from('memory'), from('redis', 'v2'), from('memory')],
      ...[failed('OVERLOADED'), failed('OVERLOADED'), failed('EMPTY_TEXT')],
    ];
    const outcome = outcomeOf(exchangesOf(replies), () => true, false);
    expect(outcome).toMatchObject({
      requests: 7,
      answered: 4,
      failed: 3,
      hits: 3,
      hit_rate: 0.75,
      duration_s: 0.064,
      lateness: null,
      errors: { OVERLOADED: 2, EMPTY_TEXT: 1 },
      versions: { v1: { requests: 3, hits: 2 }, v2: { requests: 1, hits: 1 } },
    });
    expect(outcome.requests_per_s).toBeCloseTo(7 / 0.064, 6);
    expect(Object.keys(outcome.latency)).toEqual(['memory', 'redis', 'model']);
    expect(outcome.latency.memory).toMatchObject({ requests: 2, p50_ms: 4 });
    expect(outcome.over_time).toHaveLength(10);
    const sum = (pick: (bucket: (typeof outcome.over_time)[number]) => number): number =>
      outcome.over_time.reduce((total, bucket) => total + pick(bucket), 0);
    expect([sum(({ requests }) => requests), sum((bucket) => bucket.failed)]).toEqual([7, 3]);
    expect(outcome.over_time[0]).toMatchObject({ requests: 1, hit_rate: 0, ideal_hit_rate: 1 });
    expect(outcome.over_time[9]).toMatchObject({
      requests: 1,
      failed: 1,
      hit_rate: null,
      ideal_hit_rate: null,
    });
  });

  it('of nothing has no figures that are not numbers', () => {
    const outcome = outcomeOf([], () => true, true);
    expect(JSON.stringify(outcome)).not.toMatch(/NaN|Infinity/);
    expect(outcome).toMatchObject({ requests: 0, requests_per_s: 0, hit_rate: 0, lateness: null });
  });
});

/** 100 texts in turn, each four times: an LRU of 100 entries answers three of four, one of 99 none. */
const ROUND = Array.from({ length: 400 }, (_, i) => i % 100);

function reportOf(ids: readonly number[], entries: number): ReplayReport {
  const seen = new Set<number>();
  const replies = ids.map((id) => {
    const source = seen.has(id) ? 'memory' : 'model';
    seen.add(id);
    return from(source);
  });
  const exchanges = exchangesOf(replies);
  const distances = stackDistances(ids);
  const curve = new HitCurve(distances);
  return {
    input: 'trace.jsonl',
    url: 'http://127.0.0.1:3000',
    model: 'sentiment',
    version: null,
    load: { connections: 8, rate_per_s: null, speed: null },
    ended: 'done',
    lines: ids.length,
    unreadable_lines: 1,
    first_unreadable: [{ line: 7, problem: 'it is not JSON' }],
    not_sent: 0,
    ...outcomeOf(exchanges, () => true, false),
    ideal_lru: compareWithIdeal(exchanges, ids, distances, { curve, entries }),
    sizing: sizingOf(curve, entries, 500),
  };
}

describe('the size to choose', () => {
  it('is named with its memory', () => {
    expect(advise(reportOf(ROUND, 50))).toBe(
      'Choose CACHE_MAX_ITEMS=100 (about 50.0 kB): 75.0 %, the smallest size within one point of the 75.0 % that no ' +
        'size exceeds on this trace. 50 entries give 0.0 %.',
    );
    expect(advise(reportOf(ROUND, 1000))).toContain('1,000 entries give 75.0 %, and are never full.');
  });

  it('is none where nothing repeats, or hardly anything', () => {
    expect(advise(reportOf([0, 1, 2], 10))).toMatch(/^No text comes twice/);
    const once = Array.from({ length: 200 }, (_, i) => Math.max(1, i));
    expect(advise(reportOf(once, 10))).toMatch(/saves less than a point/);
  });

  it('is on the curve, as is the size compared', () => {
    const { sizing } = reportOf(ROUND, 37);
    expect(sizing).toMatchObject({ advised_entries: 100, advised_bytes: 50_000, distinct_texts: 100 });
    const sizes = sizing.curve.map(({ entries }) => entries);
    expect(sizes).toEqual(expect.arrayContaining([1, 37, 100]));
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
  });
});

describe('the report for a person', () => {
  it('tells figures, the ideal and the curve', () => {
    const text = renderReport(reportOf(ROUND, 50));
    expect(text).toContain('400 requests in 4.0 s: 100/s\nanswered 400, failed 0\n');
    expect(text).toContain('skipped 1 line of 400\n  line 7: it is not JSON\n');
    expect(text).toContain('hit, memory       300  4.00  4.00  4.00  4.00\n');
    expect(text).toContain('ideal LRU of 50 entries 0.0 %; observed 75.0 %, 75.00 points above\n');
    expect(text).toMatch(/^ +50 +25\.0 kB +0\.0 % {3}<- the size compared$/m);
    expect(text).toMatch(/^ +100 +50\.0 kB +75\.0 % {2}█{30} <- within one point of the maximum$/m);
    expect(text).not.toMatch(/NaN|undefined|null/);
  });
});

/** The elements of a document in order; throws when it is not well-formed. */
function parseXml(document: string): { name: string; text: string }[] {
  const found: { name: string; text: string }[] = [];
  const open: string[] = [];
  const body = document.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '');
  const token =
    /<(\/?)([a-z]+)((?: [a-zA-Z0-9:-]+="[^"<&]*(?:&(?:amp|lt|gt|quot);[^"<&]*)*")*)(\/?)>|([^<]+)/gy;
  let end = 0;
  for (const [whole, closing, name = '', attributes = '', empty, text] of body.matchAll(token)) {
    end += whole.length;
    if (text !== undefined) {
      if (/&(?!(amp|lt|gt|quot);)/.test(text)) throw new Error(`bare ampersand: ${text}`);
      if (open.length === 0 && text.trim() !== '') throw new Error(`text outside: ${text}`);
      const last = found.at(-1);
      if (last) last.text += text;
    } else if (closing === '/') {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
    } else {
      const keys = [...attributes.matchAll(/ ([a-zA-Z0-9:-]+)=/g)].map(([, key]) => key);
      if (new Set(keys).size !== keys.length) throw new Error(`an attribute of <${name}> comes twice`);
      found.push({ name, text: '' });
      if (empty !== '/') open.push(name);
    }
  }
  if (end !== body.length) throw new Error(`cannot be read from ${body.slice(end, end + 40)}`);
  if (open.length > 0) throw new Error(`${open.join(', ')} not closed`);
  return found;
}

describe('the picture', () => {
  it.each([
    ['a curve', ROUND, 50],
    ['one request', [0], 10_000],
    ['nothing', [], 10],
  ])('of %s is well-formed XML with axes, their labels and marks', (_, ids, entries) => {
    const document = renderCurve(reportOf(ids, entries));
    const elements = parseXml(document);
    expect(elements[0]?.name).toBe('svg');
    expect(document).not.toMatch(/NaN|Infinity|undefined/);
    const texts = elements.filter(({ name }) => name === 'text').map(({ text }) => text);
    expect(texts).toEqual(
      expect.arrayContaining(['hit rate', 'cache size, entries (logarithmic)', '0 %', '100 %']),
    );
    expect(texts.some((text) => text.startsWith('size compared: '))).toBe(true);
    expect(document).toContain('prefers-color-scheme: dark');
  });

  it('has the curve inside of its axes, and marks the size to choose', () => {
    const document = renderCurve(reportOf(ROUND, 50));
    const points = /points="([^"]+)"/.exec(document)?.[1]?.split(' ') ?? [];
    for (const point of points) {
      const [x = NaN, y = NaN] = point.split(',').map(Number);
      expect(x).toBeGreaterThanOrEqual(70);
      expect(x).toBeLessThanOrEqual(770);
      expect(y).toBeGreaterThanOrEqual(60);
      expect(y).toBeLessThanOrEqual(380);
    }
    expect(points.length).toBeGreaterThan(50);
    expect(document).toContain('within one point of the maximum: 100 entries (about 50.0 kB), 75.0 %');
  });

  it('escapes what it writes', () => {
    expect(escapeXml('a<b & "c">\u0001\ud83d')).toBe('a&lt;b &amp; &quot;c&quot;&gt;\ufffd');
    expect(element('text', { x: 1.234567, class: 'a"b' }, '<')).toBe(
      '<text x="1.23" class="a&quot;b">&lt;</text>',
    );
    expect(() => parseXml('<a><b></a></b>')).toThrow();
    expect(() => parseXml('<a>x & y</a>')).toThrow();
  });
});

describe('figures', () => {
  it('have decimal units', () => {
    expect([0, 480, 1000, 50_000, 4_960_000, 640e6, 2.5e9, 9e12].map(bytes)).toEqual([
      ...['0 B', '480 B', '1.0 kB', '50.0 kB', '5.0 MB', '640 MB', '2.5 GB', '9000 GB'],
    ]);
  });

  it('have bars as long as their share', () => {
    expect([0, 0.5, 1, 1 / 16].map((share) => bar(share, 2))).toEqual(['', '█', '██', '▏']);
  });
});

it('fits in 80 columns, bars and all', () => {
  const report = {
    ...reportOf(ROUND, 50),
    model: LONG_MODEL,
    version: LONG_VERSION,
    url: 'https://serin.internal:3000',
  };
  const text = expectFits(renderReport(report, NARROW));
  expect(text).toMatch(/^3\.59 to 3\.99 .*100\.0 % {2}█{20,}$/m);
  expect(text).toMatch(/^ +50 .*\n {4}<- the size compared$/m);
});
