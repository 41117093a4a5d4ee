import { vi } from 'vitest';
import { Lifecycle } from '../../src/service/request/lifecycle.js';
import { SliceApp } from '../support/slice-app.js';

/** The admin token of the service that the documented answers are provoked in. */
export const ADMIN_TOKEN = 'admin-1';

const KEY = { 'x-api-key': 'key-1' };
const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` };

type Provoke = (services: { readonly normal: SliceApp }) => Promise<Response>;
type Action = 'load' | 'unload';

const change = (service: SliceApp, action: Action, version: string, headers = {}): Promise<Response> =>
  service.post(`/admin/models/sentiment/versions/${version}/${action}`, {}, { ...ADMIN, ...headers });

/** Waits until the last change is over and v2 is as every other test expects it. */
const restored = (service: SliceApp): Promise<boolean> =>
  vi.waitUntil(async () => (await change(service, 'load', 'v2')).status === 200, { timeout: 30_000 });

const thenRestored =
  (provoke: (service: SliceApp) => Promise<Response>): Provoke =>
  async ({ normal }) => {
    const response = await provoke(normal);
    await restored(normal);
    return response;
  };

/** The answer of a service that has been told to stop and still serves. */
const leaving = (action: Action) => async (): Promise<Response> => {
  const service = await SliceApp.start({ ADMIN_TOKEN });
  service.get(Lifecycle).leave();
  try {
    return await change(service, action, 'v2');
  } finally {
    await service.stop();
  }
};

const refused = (action: Action): Record<string, Provoke> => ({
  400: ({ normal }) => change(normal, action, 'v2', { 'x-deadline-ms': 'soon' }),
  401: ({ normal }) => change(normal, action, 'v2', { authorization: 'Bearer wrong' }),
  404: ({ normal }) => change(normal, action, 'v9'),
  405: ({ normal }) => normal.fetch(`/admin/models/sentiment/versions/v2/${action}`, { headers: ADMIN }),
  503: leaving(action),
});

/** What provokes each documented answer of the routes that load and unload versions. */
export const VERSION_ANSWERS: Readonly<Record<string, Readonly<Record<string, Provoke>>>> = {
  loadVersion: {
    ...refused('load'),
    200: ({ normal }) => change(normal, 'load', 'v2'),
    // While a text of the version waits, the unload cannot end.
    409: thenRestored(async (service) => {
      const before = service.lines.length;
      service.executor.hold();
      const waiting = service.post('/predict', { text: 'it waits', version: 'v2' }, KEY);
      await vi.waitUntil(() => service.executor.status().queuedTexts === 1, { timeout: 10_000 });
      const unloaded = change(service, 'unload', 'v2');
      try {
        await service.line(
          (line) => line.msg === 'sentiment/v2 is draining' && service.lines.indexOf(line) >= before,
        );
        return await change(service, 'load', 'v2');
      } finally {
        service.executor.release();
        await Promise.all([unloaded, waiting]);
      }
    }),
    504: thenRestored(async (service) => {
      await change(service, 'unload', 'v2');
      return change(service, 'load', 'v2', { 'x-deadline-ms': '1' });
    }),
  },
  unloadVersion: {
    ...refused('unload'),
    200: thenRestored((service) => change(service, 'unload', 'v2')),
    409: ({ normal }) => change(normal, 'unload', 'v1'),
    504: thenRestored((service) => change(service, 'unload', 'v2', { 'x-deadline-ms': '1' })),
  },
};
