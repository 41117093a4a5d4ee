import { expect, it } from 'vitest';
import type { Problem } from '../../src/base/errors/problem.js';
import { SliceApp, type Settings } from '../support/slice-app.js';

async function withApp(settings: Settings, look: (app: SliceApp) => Promise<void>): Promise<void> {
  const app = await SliceApp.start(settings);
  try {
    await look(app);
  } finally {
    await app.stop();
  }
}

const get = (url: string): Promise<Response> => fetch(`${url}/`, { redirect: 'manual' });

it('GET / leads to the documentation, by a relative address', async () => {
  await withApp({}, async (app) => {
    const response = await get(app.url);
    expect([response.status, response.headers.get('location')]).toEqual([302, 'docs']);
    const page = await fetch(app.url);
    expect([page.status, page.url]).toEqual([200, `${app.url}/docs`]);
    expect(await page.text()).toContain('<title>Serin</title>');
    expect((await fetch(`${app.url}/`, { method: 'HEAD', redirect: 'manual' })).status).toBe(302);
    expect((await app.requestLine(response.headers.get('x-request-id') ?? '')).route).toBe('/');
  });
});

it('GET / is not found where the documentation is closed', async () => {
  await withApp({ CLOSED_ROUTES: 'docs' }, async (app) => {
    const response = await get(app.url);
    const { code, detail } = (await response.json()) as Problem;
    expect([response.status, code]).toEqual([404, 'NOT_FOUND']);
    expect(detail).toBe('There is no page on this port; POST /predict answers texts.');
  });
});

it('GET / leads to the documentation on ADMIN_PORT alone, where there is one', async () => {
  await withApp({ ADMIN_PORT: '0', ADMIN_TOKEN: 'let-me-in' }, async (app) => {
    expect((await get(app.url)).status).toBe(404);
    expect((await get(app.adminUrl)).status).toBe(302);
  });
});
