import { vi } from 'vitest';
import { Service } from './harness.js';

/** The admin token of the service that the documented answers are provoked in. */
export const ADMIN_TOKEN = 'admin-1';

const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` };

type Provoke = (services: { readonly normal: Service }) => Promise<Response>;
type Action = 'load' | 'unload';

const change = (service: Service, action: Action, version: string, headers = {}): Promise<Response> =>
  service.post(`/admin/models/sentiment/versions/${version}/${action}`, {}, { ...ADMIN, ...headers });

/** Waits until the last change is over and v2 is as every other test expects it. */
const restored = (service: Service): Promise<boolean> =>
  vi.waitUntil(async () => (await change(service, 'load', 'v2')).status === 200, { timeout: 30_000 });

const thenRestored =
  (provoke: (service: Service) => Promise<Response>): Provoke =>
  async ({ normal }) => {
    const response = await provoke(normal);
    await restored(normal);
    return response;
  };

/** The answer of a service that has been told to stop and still serves. */
const leaving = (action: Action) => async (): Promise<Response> => {
  const service = await Service.start({ ADMIN_TOKEN, SHUTDOWN_DELAY_MS: '5000' });
  service.signal('SIGTERM');
  await service.line(({ msg }) => msg === 'leaving');
  try {
    return await change(service, action, 'v2');
  } finally {
    service.signal('SIGKILL');
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
    // While workers stand still, the unload cannot end.
    409: thenRestored(async (service) => {
      const before = service.lines.length;
      const workers = service.workerPids();
      for (const pid of workers) process.kill(pid, 'SIGSTOP');
      const unloaded = change(service, 'unload', 'v2');
      try {
        await service.line(
          (line) => line.msg === 'sentiment/v2 is draining' && service.lines.indexOf(line) >= before,
        );
        return await change(service, 'load', 'v2');
      } finally {
        for (const pid of workers) process.kill(pid, 'SIGCONT');
        await unloaded;
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
