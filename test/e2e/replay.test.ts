import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReplayReport } from '../../src/tools/replay/replay-report.js';
import { ROOT } from '../support/repository.js';
import { runCommand, type Finished } from '../support/run-command.js';
import { Service } from './harness.js';

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
const API_KEY = 'a-key-of-this-test';
/** Of the service, and of the ideal LRU: small, so that the trace overflows it. */
const CACHE_ITEMS = 50;

let folder: string;
let service: Service;
const fronts: Server[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'serin-replay-'));
  writeFileSync(join(folder, 'key'), `${API_KEY}\n`);
  service = await Service.start({ API_KEYS: `test:${API_KEY}`, CACHE_MAX_ITEMS: String(CACHE_ITEMS) });
});

afterEach(() => {
  for (const front of fronts.splice(0)) {
    front.close();
    front.closeAllConnections();
  }
});

afterAll(async () => {
  await service.stop();
  rmSync(folder, { recursive: true });
});

/** Writes a file of the test's folder. */
function write(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const linesOf = (objects: readonly object[]): string =>
  objects.map((object) => `${JSON.stringify(object)}\n`).join('');

const serin = (args: readonly string[], onStderr?: (stderr: string) => void): Promise<Finished> =>
  runCommand(process.execPath, [MAIN, 'replay', ...args], {
    cwd: folder,
    env: { MODEL_REGISTRY: resolve(ROOT, process.env.MODEL_REGISTRY ?? 'model-registry') },
    ...(onStderr && { onStderr }),
  });

const toService = (args: readonly string[]): string[] => [
  ...['--url', service.url, '--api-key-file', join(folder, 'key')],
  ...args,
];

const reportOf = ({ stdout }: Finished): ReplayReport => JSON.parse(stdout) as ReplayReport;

/** A service that answers each POST /predict as told, and lists the models of the real one. */
async function startFront(
  predict: (request: number) => Promise<{ status: number; body: object }>,
): Promise<string> {
  const listed = await fetch(`${service.url}/models`, { headers: { authorization: `Bearer ${API_KEY}` } });
  const models = await listed.text();
  let requests = 0;
  const front = createServer((request, response) => {
    void readAll(request).then(async () => {
      if (request.url === '/models') return response.end(models);
      const { status, body } = await predict(++requests);
      return response.writeHead(status).end(JSON.stringify(body));
    });
  });
  fronts.push(front);
  await once(front.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${String((front.address() as AddressInfo).port)}`;
}

const COMPUTED = {
  status: 200,
  body: { label: 'POSITIVE', score: 1, model_version: 'v1', cache_hit: false },
};
const TEXTS = linesOf(
  Array.from({ length: 40 }, (_, i) => ({ text: `a film with ${String(i % 25)} scenes` })),
);

describe('a sample trace', () => {
  it('is the same every time, JSON lines on stdout, and is described on stderr', async () => {
    const args = ['--sample', 'zipf', '--n', '2000'];
    const [first, second] = [await serin(args), await serin([...args, '--seed', '1'])];
    expect(first.code).toBe(0);
    expect(first.stdout).toBe(second.stdout);
    const texts = first.stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { text: string }).text);
    expect(texts).toHaveLength(2000);
    expect(first.stderr).toBe(
      `serin: 2000 requests, ${String(new Set(texts).size)} different texts, drawn from 2000 that were made of ` +
        "872 sentences (Zipf's law, exponent 1, seed 1)\n",
    );
  });

  it('can be made of other texts', async () => {
    const source = write('texts.jsonl', linesOf([{ body: 'one two' }, { body: 'three four' }]));
    const { stdout } = await serin([
      ...['--sample', 'zipf', '--n', '50', '--from', source, '--text-field', 'body'],
    ]);
    expect(stdout.split('\n')[0]).toMatch(/"text":"(one|two|three|four) (one|two|three|four)/);
  });
});

describe('a replay', () => {
  it('reaches the hit rate of an ideal LRU on a Zipf trace, and its report adds up', async () => {
    const { stdout } = await serin(['--sample', 'zipf', '--n', '1000']);
    const trace = write('zipf.jsonl', stdout);
    const svg = join(folder, 'curve.svg');
    // One connection: two would ask for a text that is still being computed, which the ideal cache knows at once.
    const finished = await serin(
      toService([trace, '--cache-items', String(CACHE_ITEMS), '--connections', '1', '--svg', svg, '--json']),
    );
    expect(finished.code).toBe(0);
    const report = reportOf(finished);
    expect(report).toMatchObject({
      model: 'sentiment',
      version: null,
      ended: 'done',
      lines: 1000,
      requests: 1000,
      answered: 1000,
      failed: 0,
      not_sent: 0,
      errors: {},
      versions: { v1: { requests: 1000, hits: report.hits } },
    });
    const { ideal_lru: ideal, latency, sizing } = report;
    expect(ideal).toMatchObject({ entries: CACHE_ITEMS, warm_hits: 0, joined_misses: 0 });
    expect(ideal.hit_rate).toBeGreaterThan(0.2);
    expect(ideal.hit_rate).toBeLessThan(sizing.max_hit_rate - 0.1);
    expect(Math.abs(ideal.difference_points)).toBeLessThanOrEqual(1);
    expect(report.hit_rate).toBe(report.hits / 1000);
    expect(latency.memory?.requests).toBe(report.hits);
    expect(latency.model?.requests).toBe(1000 - report.hits);
    expect(latency.memory?.p50_ms).toBeLessThan(latency.model?.p50_ms ?? 0);
    expect(report.over_time.reduce((sum, { requests }) => sum + requests, 0)).toBe(1000);
    expect(readFileSync(svg, 'utf8')).toContain(`size compared: ${String(CACHE_ITEMS)} entries`);
  }, 120_000);

  it('tells what the cache knew before it began, apart', async () => {
    const trace = write('twice.jsonl', linesOf([{ text: 'seen before' }, { text: 'seen before' }]));
    const first = reportOf(await serin(toService([trace, '--connections', '1', '--json'])));
    expect(first.ideal_lru).toMatchObject({ hit_rate: 0.5, warm_hits: 0, difference_points: 0 });
    const second = reportOf(await serin(toService([trace, '--connections', '1', '--json'])));
    expect(second.hit_rate).toBe(1);
    expect(second.ideal_lru).toMatchObject({ hit_rate: 0.5, warm_hits: 1, difference_points: 0 });
  });

  it('asks for the version that is named, and reads stdin and compressed files', async () => {
    const zipped = write('trace.jsonl.gz', gzipSync(linesOf([{ q: 'a' }, { q: 'b' }, { q: 'c' }])));
    const named = await serin(
      toService([zipped, '--text-field', 'q', '--version', 'v2', '--limit', '2', '--json']),
    );
    expect(reportOf(named)).toMatchObject({ version: 'v2', answered: 2, versions: { v2: { requests: 2 } } });
    write('plain.jsonl', linesOf([{ text: 'a' }]));
    const command = [process.execPath, MAIN, 'replay', '-', ...toService(['--json'])];
    const piped = await runCommand('sh', ['-c', 'exec "$@" < plain.jsonl', 'sh', ...command], {
      cwd: folder,
    });
    expect(reportOf(piped)).toMatchObject({ input: '-', answered: 1 });
  });

  it('keeps to the times of the trace, or to a rate', async () => {
    const at = Date.UTC(2026, 0, 1);
    const trace = write('timed.jsonl', linesOf([0, 400, 800].map((ms) => ({ text: 'x', time: at + ms }))));
    const timed = reportOf(await serin(toService([trace, '--speed', '2', '--json'])));
    expect(timed.load).toEqual({ connections: 256, rate_per_s: null, speed: 2 });
    expect(timed.duration_s).toBeGreaterThanOrEqual(0.3995);
    const rated = reportOf(await serin(toService([trace, '--rate', '5', '--json'])));
    expect(rated.load.rate_per_s).toBe(5);
    expect(rated.duration_s).toBeGreaterThanOrEqual(0.3995);
    expect(rated.lateness?.requests).toBe(3);
  });

  it('goes on past failures, tells them by code, and ends with 1', async () => {
    const trace = write('bad.jsonl', `${linesOf([{ text: 'good' }, { text: ' ' }])}no json\n`);
    const { code, stdout } = await serin(toService([trace]));
    expect(code).toBe(1);
    expect(stdout).toContain('answered 1, failed 1: 1 × EMPTY_TEXT\n');
    expect(stdout).toContain('skipped 1 line of 3\n  line 3: it is not JSON\n');
  });

  it('ends with what it has when it is interrupted, and with 3', async () => {
    let interrupt = (): unknown => undefined;
    const url = await startFront((request) => {
      if (request === 12) interrupt();
      return Promise.resolve(COMPUTED);
    });
    const trace = write('long.jsonl', TEXTS.repeat(500));
    const child = spawn(process.execPath, [MAIN, 'replay', trace, '--url', url, '--json', '--rate', '200'], {
      cwd: folder,
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    interrupt = () => child.kill('SIGINT');
    const [stdout] = await Promise.all([readAll(child.stdout), once(child, 'close')]);
    expect({ code: child.exitCode, signal: child.signalCode }).toEqual({ code: 3, signal: null });
    const report = JSON.parse(stdout) as ReplayReport;
    expect(report.ended).toBe('interrupted');
    expect(report.answered).toBeGreaterThanOrEqual(12);
    expect(report.requests + report.not_sent).toBe(20_000);
  });

  it('sends each request once, whatever comes', async () => {
    let requests = 0;
    const url = await startFront((request) => {
      requests = request;
      return Promise.resolve(request % 2 === 0 ? COMPUTED : { status: 429, body: { code: 'OVERLOADED' } });
    });
    const finished = await serin([write('forty.jsonl', TEXTS), '--url', url, '--json']);
    expect(finished.code).toBe(1);
    expect(requests).toBe(40);
    const report = reportOf(finished);
    expect(report).toMatchObject({ answered: 20, failed: 20, errors: { OVERLOADED: 20 } });
    // A text whose first request failed is no repeat the second time: nothing could have been kept of it.
    expect(report.sizing.distinct_texts).toBeGreaterThan(0);
    expect(report.sizing.max_hit_rate).toBeCloseTo(1 - report.sizing.distinct_texts / 20, 9);
  });
});

describe('a replay that cannot be', () => {
  const cases: readonly (readonly [string, () => string[], RegExp])[] = [
    ['there is no trace', () => [], /Name a traffic file/],
    ['nobody answers', () => ['x.jsonl', '--url', 'http://127.0.0.1:9'], /No service answers .*--url/],
    ['the key is missing', () => ['x.jsonl', '--url', service.url], /wants an API key/],
    [
      'there is no such model',
      () => toService(['x.jsonl', '--model', 'm']),
      /has no model m; it has sentiment/,
    ],
    ['there is no such version', () => toService(['x.jsonl', '--version', 'v9']), /has no v9 version/],
    [
      'there is no such file',
      () => toService(['none.jsonl']),
      /none\.jsonl cannot be read: it does not exist/,
    ],
    [
      'no line has a text',
      () => toService(['x.jsonl', '--text-field', 'body']),
      /no line has a text \(line 1/,
    ],
    ['no line has a time', () => toService(['x.jsonl', '--speed', '1']), /line 1: it has no field "time"/],
    [
      'rate and speed exclude each other',
      () => ['x.jsonl', '--rate', '1', '--speed', '1'],
      /cannot be used with/,
    ],
    ['the rate is none', () => ['x.jsonl', '--rate', '0'], /--rate.*above 0/],
    ['a sample takes no trace', () => ['x.jsonl', '--sample', 'zipf'], /takes none/],
    ['the kind is unknown', () => ['--sample', 'uniform'], /Allowed choices are zipf/],
  ];

  beforeAll(() => {
    write('x.jsonl', linesOf([{ text: 'a' }]));
  });

  it.concurrent.each(cases)('because %s', async (_, args, message) => {
    const { code, stdout, stderr } = await serin(args());
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  });
});
