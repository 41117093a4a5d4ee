import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RolloutView } from '../../src/rollout/rollout-types.js';
import type { FeedbackAnswer } from '../../src/service/feedback/feedback.service.js';
import type { Problem } from '../../src/base/errors/problem.js';
import { configFile } from '../support/rollout-client.js';
import { SliceApp, type Settings } from '../support/slice-app.js';

const GOOD = 'A gripping, beautifully shot film.';
const BAD = 'Two hours I will not get back.';

let folder: string;
let service: SliceApp | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-feedback-'));
});

afterEach(async () => {
  await service?.stop();
  service = undefined;
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function start(name: string, settings: Settings = {}): Promise<SliceApp> {
  service = await SliceApp.start({ STATE_DIR: join(folder, name), ...settings });
  return service;
}

async function ask(on: SliceApp, id: string, text: string, headers: Settings = {}): Promise<void> {
  const response = await on.post('/predict', { text }, { 'x-request-id': id, ...headers });
  expect(response.status).toBe(200);
}

async function tell(
  on: SliceApp,
  body: object,
): Promise<Partial<FeedbackAnswer & Problem> & { status: number }> {
  const response = await on.post('/feedback', body);
  const answer = (await response.json()) as Partial<FeedbackAnswer & Problem>;
  return { ...answer, status: response.status };
}

describe('feedback', () => {
  it('may list all labels of a text, which is one where the model gives one', async () => {
    const on = await start('labels');
    await ask(on, 'good', GOOD);
    const refused = [[], ['POSITIVE', 'POSITIVE'], ['happy'], 'POSITIVE', [1]];
    for (const labels of refused) {
      expect(await tell(on, { request_id: 'good', labels })).toMatchObject({
        ...{ status: 400, code: 'INVALID_REQUEST', detail: expect.stringMatching(/labels/) as string },
      });
    }
    const both = { request_id: 'good', label: 'POSITIVE', labels: ['POSITIVE'] };
    expect(await tell(on, both)).toMatchObject({
      status: 400,
      detail: expect.stringMatching(/exclude/) as string,
    });
    expect(await tell(on, { request_id: 'good', labels: ['POSITIVE'] })).toMatchObject({
      ...{ status: 200, counted: true },
    });
    expect(await tell(on, { request_id: 'good', label: 'POSITIVE' })).toMatchObject({ counted: false });
  });

  it('is counted once per answer, for the version that gave it, in the figures of its rollout', async () => {
    const on = await start('rollout', { CANARY_PERCENT: '100', ADMIN_TOKEN: 'let-me-in' });
    await ask(on, 'good', GOOD);
    await ask(on, 'bad', BAD);
    const counted = {
      request_id: 'good',
      model_name: 'sentiment',
      model_version: 'v2',
      counted: true,
      status: 200,
    };
    expect(await tell(on, { request_id: 'good', label: 'POSITIVE' })).toEqual(counted);
    expect(await tell(on, { request_id: 'good', label: 'NEGATIVE' })).toEqual({ ...counted, counted: false });
    // The first label counts, and the first kpi, also when they come apart.
    expect(await tell(on, { request_id: 'good', label: 'POSITIVE', kpi: 3.5 })).toEqual(counted);
    expect(await tell(on, { request_id: 'good', kpi: 99 })).toEqual({ ...counted, counted: false });
    expect(await tell(on, { request_id: 'bad', label: 'POSITIVE', kpi: -1.5 })).toMatchObject({
      counted: true,
    });

    const headers = { authorization: 'Bearer let-me-in' };
    const view = (await (await on.fetch('/admin/canary/sentiment', { headers })).json()) as RolloutView;
    expect(view.figures?.total.canary).toMatchObject({ feedback: 2, feedback_accuracy: 0.5, kpi_mean: 1 });
    expect(view.figures?.total.stable).toMatchObject({ feedback: 0 });
    const metrics = await (await on.fetch('/metrics')).text();
    expect(metrics).toContain('serin_feedback_labels_total{model="sentiment",version="v2",correct="true"} 1');
    expect(metrics).toContain(
      'serin_feedback_labels_total{model="sentiment",version="v2",correct="false"} 1',
    );
    expect(metrics).toContain('serin_feedback_kpis_total{model="sentiment",version="v2"} 2');
    expect(metrics).toContain('serin_feedback_kpi_sum{model="sentiment",version="v2"} 2');
  });

  it('of a pinned answer counts for its version, and is no evidence', async () => {
    const on = await start('pinned', { CANARY_PERCENT: '100', ADMIN_TOKEN: 'let-me-in' });
    await on.post('/predict', { text: GOOD, version: 'v2' }, { 'x-request-id': 'pinned' });
    expect(await tell(on, { request_id: 'pinned', label: 'POSITIVE' })).toMatchObject({ counted: true });
    const headers = { authorization: 'Bearer let-me-in' };
    const view = (await (await on.fetch('/admin/canary/sentiment', { headers })).json()) as RolloutView;
    expect(view.figures?.total.canary.feedback).toBe(0);
    const metrics = await (await on.fetch('/metrics')).text();
    expect(metrics).toContain('serin_feedback_labels_total{model="sentiment",version="v2",correct="true"} 1');
  });

  it('says which text of a batch it means', async () => {
    const on = await start('batch');
    await on.post('/predict_batch', { texts: [GOOD, ' ', BAD] }, { 'x-request-id': 'batch' });
    expect(await tell(on, { request_id: 'batch', index: 2, label: 'NEGATIVE' })).toMatchObject({
      counted: true,
      model_version: 'v1',
    });
    expect(await tell(on, { request_id: 'batch', label: 'NEGATIVE' })).toMatchObject({
      code: 'INVALID_REQUEST',
      errors: [{ field: 'index' }],
    });
    // What failed has no answer that could be right.
    expect(await tell(on, { request_id: 'batch', index: 1, label: 'NEGATIVE' })).toMatchObject({
      code: 'NOT_FOUND',
    });
    const metrics = await (await on.fetch('/metrics')).text();
    expect(metrics).toContain('serin_feedback_labels_total{model="sentiment",version="v1",correct="true"} 1');
  });

  it('is refused with what is wrong and what is allowed', async () => {
    const on = await start('refusals');
    await ask(on, 'known', GOOD);
    const refused = async (body: object): Promise<string> => {
      const { status, code, detail } = await tell(on, body);
      return `${String(status)} ${String(code)} ${String(detail)}`;
    };
    expect(await refused({ request_id: 'known' })).toBe('400 INVALID_REQUEST label or kpi must be given.');
    expect(await refused({ request_id: 'known', label: 'GOOD' })).toBe(
      '400 INVALID_REQUEST label must be one of NEGATIVE, POSITIVE.',
    );
    expect(await refused({ request_id: 'known', label: '__proto__' })).toContain('must be one of');
    expect(await refused({ request_id: 'known', label: null })).toContain('label must be a string');
    expect(await refused({ request_id: 'known', kpi: '3' })).toContain(
      'kpi must be a number from -1e12 to 1e12',
    );
    expect(await refused({ request_id: 'known', kpi: 1e13 })).toContain(
      'kpi must be a number from -1e12 to 1e12',
    );
    expect(await refused({ request_id: 'known', kpi: 1, index: 0.5 })).toContain(
      'index must be a whole number',
    );
    expect(await refused({ request_id: 'a b', kpi: 1 })).toContain('request_id must be');
    expect(await refused({ kpi: 1 })).toContain('request_id must be');
    expect(await refused({ request_id: 'known', kpi: 1, text: 'x' })).toContain('text is not a known field');
    expect(await refused({ request_id: 'unknown', kpi: 1 })).toBe(
      '404 NOT_FOUND No answer with this request_id is remembered; kept are the last 100000 answered texts of this instance, for 86400 s.',
    );
    expect(await refused({ request_id: 'known', label: 'POSITIVE' })).toContain('200');
  });

  it('is about the last answers only, for as long as is configured', async () => {
    const few = await start('few', { FEEDBACK_MAX_REQUESTS: '2', CACHE_MAX_ITEMS: '100' });
    for (const id of ['one', 'two', 'three']) await ask(few, id, GOOD);
    expect(await tell(few, { request_id: 'one', kpi: 1 })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await tell(few, { request_id: 'two', kpi: 1 })).toMatchObject({ counted: true });
    await few.stop();

    const brief = await start('brief', { FEEDBACK_TTL_MS: '1' });
    await ask(brief, 'brief', GOOD);
    await vi.waitFor(async () => {
      expect(await tell(brief, { request_id: 'brief', kpi: 1 })).toMatchObject({ code: 'NOT_FOUND' });
    }, 20_000);
    await brief.stop();

    const none = await start('none', { FEEDBACK_MAX_REQUESTS: '0' });
    await ask(none, 'none', GOOD);
    const { status, detail } = await tell(none, { request_id: 'none', kpi: 1 });
    expect({ status, detail }).toEqual({
      status: 404,
      detail: 'No answers are remembered here: FEEDBACK_MAX_REQUESTS is 0.',
    });
  });

  it('needs the key that a prediction needs, and counts against the same rate', async () => {
    const on = await start('access', {
      API_KEYS: 'shop:secret',
      RATE_LIMIT_PER_S: '0.001',
      RATE_LIMIT_BURST: '2',
    });
    const headers = { 'x-api-key': 'secret' };
    await ask(on, 'mine', GOOD, headers);
    expect((await on.post('/feedback', { request_id: 'mine', kpi: 1 })).status).toBe(401);
    expect((await on.post('/feedback', { request_id: 'mine', kpi: 1 }, headers)).status).toBe(200);
    expect((await on.post('/feedback', { request_id: 'mine', kpi: 1 }, headers)).status).toBe(429);
  });
});

describe('feedback about a canary that a gate on feedback judges', () => {
  const CONFIG = (): string =>
    configFile(`
rollout:
  sentiment:
    stable: v1
    canary: v2
    mode: auto
    percent: 50
    steps: [{ percent: 50, hold: 1h }]
    gates: { disagreement: off, error_rate_increase: off, latency_ratio: off, label_share_shift: off, feedback_accuracy_drop: 0.02 }
`);
  const KEY = { 'x-api-key': 'secret' };

  /** Asks each text, and says that the canary's answers are wrong and the others right. */
  async function complain(on: SliceApp, texts: readonly string[]): Promise<number> {
    let complaints = 0;
    for (const [i, text] of texts.entries()) {
      const id = `${String(i)}-${String(Math.floor(performance.now() * 1000))}`;
      const response = await on.post('/predict', { text }, { ...KEY, 'x-request-id': id });
      const { label, model_version: version } = (await response.json()) as Record<string, string>;
      const other = label === 'POSITIVE' ? 'NEGATIVE' : 'POSITIVE';
      if (version === 'v2') complaints++;
      await on.post('/feedback', { request_id: id, label: version === 'v2' ? other : label }, KEY);
    }
    return complaints;
  }

  const view = async (on: SliceApp): Promise<RolloutView> => {
    const headers = { authorization: 'Bearer let-me-in' };
    return (await (await on.fetch('/admin/canary/sentiment', { headers })).json()) as RolloutView;
  };
  const films = (count: number): string[] => Array.from({ length: count }, (_, i) => `film ${String(i)}`);

  it('has one voice per text and key: 45 complaints about one text prove nothing, those about 100 texts do', async () => {
    const settings = { SERIN_CONFIG: CONFIG(), ADMIN_TOKEN: 'let-me-in', API_KEYS: 'shop:secret' };
    const on = await start('voices', settings);
    let one = '';
    for (const film of films(20)) if ((await complain(on, [film])) === 1) one = film;
    const before = (await view(on)).figures?.total.canary.feedback ?? 0;
    expect(
      await complain(
        on,
        Array.from({ length: 45 }, () => one),
      ),
    ).toBe(45);
    const held = await view(on);
    expect(held).toMatchObject({ phase: 'running', problems: [] });
    expect(held.figures?.total.canary.feedback).toBe(before);

    await vi.waitFor(async () => {
      await complain(on, films(100));
      expect(await view(on)).toMatchObject({ phase: 'rolled_back' });
    }, 20_000);
    const last = (await view(on)).history.at(-1);
    expect(last?.cause).toMatchObject({ by: 'gate', detail: expect.stringMatching(/^feedback_/) as string });
  });

  it('informs and acts on nothing without API keys, and the status says so', async () => {
    const on = await start('no-keys', { SERIN_CONFIG: CONFIG(), ADMIN_TOKEN: 'let-me-in' });
    await complain(on, films(150));
    const now = await view(on);
    expect(now.figures?.total.canary.feedback).toBeGreaterThan(50);
    expect(now.figures?.total.canary.feedback_accuracy).toBe(0);
    expect(now.figures?.total.stable.feedback_accuracy).toBe(1);
    const muted = 'Shown in the figures, not judged: feedback acts only where API_KEYS says who may send it.';
    expect(now).toMatchObject({
      phase: 'running',
      verdict: { verdict: 'not_enough_data' },
      problems: [expect.stringMatching(/^No gate acts on feedback \(feedback_accuracy_drop\)/)],
    });
    const row = now.verdict?.gates.find(({ gate }) => gate === 'feedback_accuracy_drop');
    expect(row).toMatchObject({ state: 'off', sentence: muted });
    expect(now.verdict?.gates.find(({ gate }) => gate === 'kpi_drop')?.sentence).toBe('Not configured.');
  });

  it('is about the first answer of a request id, whoever uses the id again', async () => {
    const on = await start('reused', { SERIN_CONFIG: CONFIG(), ADMIN_TOKEN: 'let-me-in' });
    const versions = new Map<string, string>();
    for (const film of films(20)) {
      const response = await on.post('/predict', { text: film });
      versions.set(((await response.json()) as { model_version: string }).model_version, film);
    }
    await ask(on, 'mine', versions.get('v1') ?? '');
    await ask(on, 'mine', versions.get('v2') ?? '');
    expect(await tell(on, { request_id: 'mine', label: 'POSITIVE' })).toMatchObject({ model_version: 'v1' });
  });
});
