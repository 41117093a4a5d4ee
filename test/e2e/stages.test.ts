import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { text as readAll } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, metric, waitFor } from '../support/cache-harness.js';
import { Service, type LogLine } from './harness.js';

const STAGES = [
  ...['receive', 'cache', 'join', 'queue', 'transfer', 'tokenize', 'inference', 'event_loop', 'serialise'],
];
const OF_A_COMPUTATION = STAGES.filter((stage) => stage !== 'join');
const OF_A_HIT = ['receive', 'cache', 'serialise'];

/** One request's stages in order, by either account, and the time that it took. */
interface Account {
  readonly names: readonly string[];
  readonly ms: Readonly<Record<string, number>>;
  readonly totalMs: number;
}

function accountIn(header: string): Account {
  const entries = header.split(', ').map((entry): [string, number] => {
    const found = /^(\w+)(?:;desc=\w+)?;dur=(\d+\.\d{3})$/.exec(entry);
    if (found === null) throw new Error(`not an entry of Server-Timing: ${entry}`);
    return [found[1] ?? '', Number(found[2])];
  });
  const [last, totalMs] = entries.pop() ?? [];
  expect(last).toBe('total');
  return { names: entries.map(([name]) => name), ms: Object.fromEntries(entries), totalMs: totalMs ?? NaN };
}

function accountOf(line: LogLine): Account {
  const told = STAGES.map((stage): [string, unknown] => [stage, line[`${stage}_ms`]]);
  const entries = told.filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  const names = entries.map(([name]) => name);
  return { names, ms: Object.fromEntries(entries), totalMs: Number(line.latency_ms) };
}

const sumOf = ({ ms }: Account): number => Object.values(ms).reduce((sum, stage) => sum + stage, 0);

/** What a stage and the total are rounded to leaves this much room, ten times over. */
const ROUNDING_MS = 0.05;

/** Holds accounts against what is promised, and more: that every single one adds up. */
function expectWhole(accounts: readonly Account[], names: readonly string[]): void {
  for (const account of accounts) {
    expect(account.names).toEqual(names);
    expect(Math.min(...Object.values(account.ms))).toBeGreaterThanOrEqual(0);
    expect(Math.abs(sumOf(account) - account.totalMs), JSON.stringify(account)).toBeLessThan(ROUNDING_MS);
  }
  const byTotal = [...accounts].sort((a, b) => a.totalMs - b.totalMs);
  const median = byTotal[Math.floor(byTotal.length / 2)];
  if (median === undefined) throw new Error('nothing was measured');
  // What a stage lacks another one may have been given.
  expect(Math.min(...Object.values(median.ms)), JSON.stringify(median)).toBeGreaterThan(0);
  expect(sumOf(median) / median.totalMs).toBeGreaterThan(0.95);
  expect(sumOf(median) / median.totalMs).toBeLessThan(1.05);
}

/** Asks for all texts, so many at a time; both accounts of each request. */
async function accountsFor(
  service: Service,
  texts: readonly string[],
  atOnce: number,
): Promise<{ header: Account[]; line: Account[] }> {
  const waiting = [...texts];
  const answers: { timing: string; request_id: string }[] = [];
  const client = async (): Promise<void> => {
    for (let text = waiting.pop(); text !== undefined; text = waiting.pop()) {
      const answer = await ask(service, text);
      expect(answer.status).toBe(200);
      answers.push(answer);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  const lines = await Promise.all(answers.map(({ request_id: id }) => service.requestLine(id)));
  return { header: answers.map(({ timing }) => accountIn(timing)), line: lines.map(accountOf) };
}

describe('the stages of a request', () => {
  let service: Service;
  beforeAll(async () => {
    service = await Service.start({ WORKERS: '2' });
  });
  afterAll(() => service.stop());

  const filmsOf = (year: number, count: number): string[] =>
    Array.from(
      { length: count },
      (_, i) => `Film ${String(i)} of ${String(year)}, ${'long '.repeat(i % 40)}and new.`,
    );

  it('add up to the time that it took when it is computed', async () => {
    const { header, line } = await accountsFor(service, filmsOf(1990, 320), 8);
    expectWhole(header, OF_A_COMPUTATION);
    expectWhole(line, OF_A_COMPUTATION);
  });

  it('add up when memory has the answer', async () => {
    const texts = filmsOf(2000, 160);
    await accountsFor(service, texts, 8);
    const { header, line } = await accountsFor(service, [...texts, ...texts], 4);
    expectWhole(header, OF_A_HIT);
    expectWhole(line, OF_A_HIT);
  });

  it('add up for a batch, whose slowest text they are of', async () => {
    const headers: Account[] = [];
    const lines: Account[] = [];
    for (let i = 0; i < 10; i++) {
      const batch = Array.from({ length: 12 }, (_, k) => `Batch ${String(i)}, text ${'so '.repeat(k * 2)}.`);
      const response = await service.post('/predict_batch', { texts: batch });
      headers.push(accountIn(response.headers.get('server-timing') ?? ''));
      lines.push(accountOf(await service.requestLine(response.headers.get('x-request-id') ?? '')));
    }
    expectWhole(headers, OF_A_COMPUTATION);
    expectWhole(lines, OF_A_COMPUTATION);
  });

  it('are measured, those that memory did not answer', async () => {
    const counts = (): Promise<number[]> =>
      Promise.all(
        STAGES.map((stage) => metric(service, 'serin_stage_duration_seconds_count', `stage="${stage}"`)),
      );
    const before = await counts();
    await accountsFor(service, ['To be measured.'], 1);
    await accountsFor(service, ['To be measured.'], 1);
    const after = await counts();
    const grown = STAGES.filter((_, i) => after[i] === (before[i] ?? NaN) + 1);
    expect(grown).toEqual(OF_A_COMPUTATION);
  });

  it('are those known of a request that failed', async () => {
    const { request_id: id } = await ask(service, 'Unknown to all.', { version: 'v77' });
    expect(accountOf(await service.requestLine(id)).names).toEqual([]);
    const headers = { 'content-type': 'application/json', 'x-deadline-ms': '1' };
    const late = await service.post('/predict', { text: 'Too late by far.' }, headers);
    expect(late.status).toBe(504);
    const line = await service.requestLine(late.headers.get('x-request-id') ?? '');
    expect(accountOf(line).names).toEqual(['receive']);
  });
});

/** How long whatever is slow is held up. */
const HELD_UP_MS = 400;

describe('a stage that is slow', () => {
  let service: Service;
  beforeAll(async () => {
    service = await Service.start({ CACHE_MAX_ITEMS: '0' });
  });
  afterAll(() => service.stop());

  /** The account of a text's request, and the stage that took more than half of its time. */
  async function slowestOf(id: string): Promise<string | undefined> {
    const account = accountOf(await service.requestLine(id));
    expect(account.totalMs).toBeGreaterThan(HELD_UP_MS / 2);
    expect(Math.abs(sumOf(account) - account.totalMs)).toBeLessThan(ROUNDING_MS);
    return account.names.find((name) => (account.ms[name] ?? 0) > account.totalMs / 2);
  }

  it('is the one that is told when the client is slow to send', async () => {
    const sent = request(`${service.url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'slow-body' },
    });
    const answered = new Promise((done) =>
      sent.on('response', (response) => {
        done(readAll(response));
      }),
    );
    sent.write('{"text":"Told ');
    await delay(HELD_UP_MS);
    sent.end('slowly."}');
    await answered;
    expect(await slowestOf('slow-body')).toBe('receive');
  });

  it('is the one that is told when a worker stands still', async () => {
    const workers = service.workerPids();
    for (const pid of workers) process.kill(pid, 'SIGSTOP');
    const send = (id: string, text: string): Promise<unknown> =>
      service.post('/predict', { text }, { 'x-request-id': id });
    const first = send('sent', 'The first of all.');
    await waitFor(async () => (await metric(service, 'serin_running_texts')) === 1);
    // Handed over ahead to the worker, which is overdue: it waits behind the first all the same.
    const rest = [send('ahead', 'The second.'), send('joined', 'The first of all.')];
    await delay(HELD_UP_MS);
    for (const pid of workers) process.kill(pid, 'SIGCONT');
    await Promise.all([first, ...rest]);
    expect(await slowestOf('sent')).toBe('transfer');
    expect(await slowestOf('ahead')).toBe('queue');
    expect(await slowestOf('joined')).toBe('join');
  });
});
