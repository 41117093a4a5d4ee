import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RequestObservers, type RequestObserver } from '../../src/service/request/request-observers.js';
import type { RequestRecord } from '../../src/service/request/request-record.js';
import { AppWithoutAdmin, Place } from './modules-without-admin.js';

const KEY = 'k'.repeat(32);
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const JSON_BODY = { 'content-type': 'application/json' };

/** A third observer beside log line and metrics, as one that makes spans would be. */
class Seen implements RequestObserver {
  readonly records: Record<string, unknown>[] = [];

  ended(record: RequestRecord): void {
    const { requestId, traceId, parentSpanId, traceFlags, spanId, client, rejection } = record;
    this.records.push({
      ...record,
      ...{ requestId, traceId, parentSpanId, traceFlags, spanId, client, rejection },
      code: record.failure?.code ?? null,
      spanIdAgain: record.spanId,
    });
  }

  async record(matches: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    return vi.waitFor(() => {
      const found = this.records.find((record) =>
        Object.entries(matches).every(([name, value]) => record[name] === value),
      );
      if (found === undefined) throw new Error('no such record yet');
      return found;
    }, 10_000);
  }
}

let place: Place;
let app: AppWithoutAdmin;
let seen: Seen;

async function start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
  app = await AppWithoutAdmin.start(place, settings);
  seen = new Seen();
  app.get(RequestObservers).add(seen);
  await vi.waitFor(() => {
    expect(app.state('v1')).toBe('ready');
  }, 20_000);
}

beforeEach(() => {
  place = new Place('stable: v1, canary: v2');
});
afterEach(async () => {
  await app.stop();
  place.delete();
});

const predict = (requestId: string, body: string, more: Record<string, string> = {}): Promise<Response> =>
  app.fetch('/predict', {
    method: 'POST',
    headers: { ...JSON_BODY, 'x-request-id': requestId, ...more },
    body,
  });

const GOOD = JSON.stringify({ text: 'A gripping film.' });

describe('the record of a request', () => {
  it('says who asked what, and how it was answered, once', async () => {
    await start();
    const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
    expect((await predict('first', GOOD, { traceparent })).status).toBe(200);
    expect((await predict('hit', GOOD)).status).toBe(200);
    const first = await seen.record({ requestId: 'first' });
    expect(first).toMatchObject({
      ...{ method: 'POST', route: '/predict', dialect: 'native', client: 'address:127.0.0.1' },
      ...{ apiKeyName: null, status: 200, aborted: false, code: null, rejection: null },
      ...{ traceId: TRACE, parentSpanId: '00f067aa0ba902b7', traceFlags: '01' },
      ...{ cacheHit: false, cacheLevel: null, modelName: 'sentiment', modelVersion: 'v1', tokens: 8 },
      timings: { inferenceMs: 1, joinMs: null },
    });
    expect(first.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(first.spanIdAgain).toBe(first.spanId);

    const hit = await seen.record({ requestId: 'hit' });
    expect(hit).toMatchObject({ traceId: null, parentSpanId: null, traceFlags: null, cacheLevel: 'memory' });
    expect(hit.spanId).not.toBe(first.spanId);
    expect(hit.latencyMs).toBeGreaterThan(0);
    expect(seen.records).toHaveLength(2);
  });

  it('holds neither request nor response', async () => {
    await start();
    await predict('plain', GOOD);
    // The signal for a client that leaves is the context's own; everything else must be plain data.
    const facts = { ...(await seen.record({ requestId: 'plain' })), controller: null };
    expect(structuredClone(facts)).toEqual(facts);
  });

  it('names the refusal of what no handler saw, and no refusal of what a handler answered with an error', async () => {
    await start({ MAX_BODY_BYTES: '1024' });
    await predict('malformed', '{');
    await predict('deadline', GOOD, { 'x-deadline-ms': 'soon' });
    await predict('large', JSON.stringify({ text: 'x'.repeat(2_000) }));
    await predict('invalid', JSON.stringify({ text: 7 }));
    await predict('unknown', JSON.stringify({ text: 'a film', model: 'nobody' }));
    await app.fetch('/nowhere', { headers: { 'x-request-id': 'route' } });
    await app.fetch('/predict', { headers: { 'x-request-id': 'method' } });
    const told = async (requestId: string): Promise<unknown[]> => {
      const { status, code, rejection } = await seen.record({ requestId });
      return [status, code, rejection];
    };
    expect(await told('malformed')).toEqual([400, 'MALFORMED_JSON', 'MALFORMED_JSON']);
    expect(await told('deadline')).toEqual([400, 'INVALID_REQUEST', 'INVALID_REQUEST']);
    expect(await told('large')).toEqual([413, 'BODY_TOO_LARGE', 'BODY_TOO_LARGE']);
    expect(await told('route')).toEqual([404, 'NOT_FOUND', 'NOT_FOUND']);
    expect(await told('method')).toEqual([405, 'METHOD_NOT_ALLOWED', 'METHOD_NOT_ALLOWED']);
    expect(await told('invalid')).toEqual([400, 'INVALID_REQUEST', null]);
    expect(await told('unknown')).toEqual([404, 'MODEL_NOT_FOUND', null]);
  });

  it('names the client as the rate limiter does: by its key, or by the address that a proxy tells', async () => {
    await start({
      API_KEYS: `team-a:${KEY}`,
      RATE_LIMIT_PER_S: '0.001',
      RATE_LIMIT_BURST: '1',
      TRUST_PROXY: '1',
    });
    const from = { 'x-forwarded-for': '2001:db8:1:2::7' };
    await predict('no-key', GOOD, from);
    await predict('key', GOOD, { ...from, 'x-api-key': KEY });
    await predict('too-fast', GOOD, { ...from, 'x-api-key': KEY });
    expect(await seen.record({ requestId: 'no-key' })).toMatchObject({
      client: 'address:2001:db8:1:2::/64',
      rejection: 'UNAUTHENTICATED',
    });
    expect(await seen.record({ requestId: 'key' })).toMatchObject({ client: 'key:team-a', status: 200 });
    expect(await seen.record({ requestId: 'too-fast' })).toMatchObject({
      client: 'key:team-a',
      rejection: 'RATE_LIMITED',
    });
  });

  it('is there for what cannot be read as a request, without method and client', async () => {
    await start();
    const { port, hostname } = new URL(app.url);
    const socket = connect(Number(port), hostname);
    socket.on('data', () => undefined);
    socket.write('this is not HTTP\r\n\r\n');
    await once(socket, 'close');
    expect(await seen.record({ method: null })).toMatchObject({
      ...{ route: 'unmatched', client: null, status: 400, traceId: null },
      ...{ code: 'MALFORMED_HTTP', rejection: 'MALFORMED_HTTP' },
    });
  });

  it('says that the client left before the answer', async () => {
    await start();
    let release = (): void => undefined;
    app.pool.held = new Promise((resolve) => (release = resolve));
    const leaving = new AbortController();
    const headers = { ...JSON_BODY, 'x-request-id': 'left' };
    const answer = app.fetch('/predict', { method: 'POST', headers, body: GOOD, signal: leaving.signal });
    setTimeout(() => {
      leaving.abort();
    }, 200);
    await expect(answer).rejects.toThrow();
    expect(await seen.record({ requestId: 'left' })).toMatchObject({ aborted: true, status: 499 });
    release();
  });
});
