import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { vi } from 'vitest';
import type { ServiceUnderTest } from './service-under-test.js';

export interface Answer {
  readonly label: string;
  readonly score: number;
  readonly model_version: string;
  readonly cache_hit: boolean;
  readonly tokens: number;
  readonly truncated: boolean;
  readonly request_id: string;
  readonly scores?: readonly unknown[];
  readonly code?: string;
}

export const ask = async (
  service: ServiceUnderTest,
  text: string,
  { headers = {}, ...options }: { headers?: Record<string, string>; version?: string; top_k?: number } = {},
): Promise<Answer & { readonly status: number; readonly timing: string; readonly store: string }> => {
  const response = await service.post('/predict', { text, ...options }, headers);
  const answer = (await response.json()) as Answer;
  const header = (name: string): string => response.headers.get(name) ?? '';
  return {
    ...answer,
    status: response.status,
    timing: header('server-timing'),
    store: header('cache-control'),
  };
};

/** The sum of a metric over the labels that are not named. */
export async function metric(service: ServiceUnderTest, name: string, labels = ''): Promise<number> {
  const text = await (await service.fetch('/metrics')).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines
    .filter((line) => line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** Texts that worker processes have answered. */
export const inferences = (service: ServiceUnderTest): Promise<number> =>
  metric(service, 'serin_batch_texts_sum');

/** A request that the kernel has taken from us whole; its status comes later. */
export async function written(
  service: ServiceUnderTest,
  text: string,
): Promise<{ readonly status: Promise<number> }> {
  const sent = request(`${service.url}/predict`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json' },
  });
  const status = once(sent, 'response').then(([response]) => {
    (response as IncomingMessage).resume();
    return (response as IncomingMessage).statusCode ?? 0;
  });
  const finished = once(sent, 'finish');
  sent.end(JSON.stringify({ text }));
  await finished;
  return { status };
}

/** Sends a request and goes away when told to. */
export function leaver(
  service: ServiceUnderTest,
  text: string,
  id: string,
): { leave: () => void; ended: Promise<unknown> } {
  const gone = new AbortController();
  const ended = fetch(`${service.url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': id },
    body: JSON.stringify({ text }),
    signal: gone.signal,
  }).catch((error: unknown) => error);
  return {
    leave: () => {
      gone.abort();
    },
    ended,
  };
}

export const holding = (service: ServiceUnderTest, texts: number): Promise<void> =>
  waitFor(async () => {
    const [queued, running] = [
      await metric(service, 'serin_queued_texts'),
      await metric(service, 'serin_running_texts'),
    ];
    return queued + running === texts;
  });

/** Looks until a condition holds. */
export async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  await vi.waitFor(
    async () => {
      if (!(await condition())) throw new Error('not yet');
    },
    { timeout: 20_000, interval: 5 },
  );
}
