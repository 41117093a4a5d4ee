import { SliceApp } from '../support/slice-app.js';

interface Services {
  /** Serves, and wants a key. */
  readonly normal: SliceApp;
  /** Forgets nothing, and throws when it is asked for the answer `break`. */
  readonly faulty: SliceApp;
}

const KEY = { 'x-api-key': 'key-1' };
const TOLD = { request_id: 'told', kpi: 1 };

const tell = (
  service: SliceApp,
  body: unknown,
  headers: Readonly<Record<string, string>> = KEY,
): Promise<Response> => service.post('/feedback', body, headers);

async function tooOften(): Promise<Response> {
  const service = await SliceApp.start({ RATE_LIMIT_PER_S: '0.001', RATE_LIMIT_BURST: '1' });
  try {
    await tell(service, TOLD);
    return await tell(service, TOLD);
  } finally {
    await service.stop();
  }
}

/** What provokes each documented answer of POST /feedback. */
export const FEEDBACK_ANSWERS: Readonly<Record<string, (services: Services) => Promise<Response>>> = {
  200: async ({ normal }) => {
    await normal.post('/predict', { text: 'A fine film.' }, { ...KEY, 'x-request-id': 'told' });
    return tell(normal, TOLD);
  },
  400: ({ normal }) => tell(normal, { request_id: 'told' }),
  401: ({ normal }) => tell(normal, TOLD, {}),
  403: ({ normal }) => tell(normal, TOLD, { 'x-api-key': 'key-few' }),
  404: ({ normal }) => tell(normal, { ...TOLD, request_id: 'never-answered' }),
  405: ({ normal }) => normal.fetch('/feedback'),
  413: ({ normal }) => tell(normal, { ...TOLD, label: 'a'.repeat(1_100_000) }),
  415: ({ normal }) => tell(normal, 'text', { ...KEY, 'content-type': 'text/plain' }),
  429: tooOften,
  500: ({ faulty }) => tell(faulty, { ...TOLD, request_id: 'break' }),
};
