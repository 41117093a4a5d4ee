import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { RolloutView } from '../../src/rollout/rollout-types.js';
import type { ServiceUnderTest } from './service-under-test.js';

export const TOKEN = 'rollout-test';
export const ADMIN = { authorization: `Bearer ${TOKEN}` };

/** A folder of its own, for state or for a configuration file. */
export const folder = (): string => mkdtempSync(join(tmpdir(), 'serin-rollout-'));

/** A configuration file of this content. */
export function configFile(content: string): string {
  const path = join(folder(), 'serin.config.yaml');
  writeFileSync(path, content);
  return path;
}

/** Asks /admin/canary/sentiment of a service whose admin token is {@link TOKEN}. */
export class RolloutClient<S extends ServiceUnderTest> {
  constructor(readonly service: S) {}

  async view(): Promise<RolloutView> {
    const response = await this.service.fetch('/admin/canary/sentiment', { headers: ADMIN });
    return (await response.json()) as RolloutView;
  }

  /** Looks until the rollout is as described. */
  viewThat(matches: (view: RolloutView) => boolean): Promise<RolloutView> {
    return vi.waitFor(
      async () => {
        const view = await this.view();
        if (!matches(view))
          throw new Error(`not yet: ${JSON.stringify({ ...view, verdict: null, figures: null })}`);
        return view;
      },
      { timeout: 30_000, interval: 50 },
    );
  }

  put(body: unknown): Promise<Response> {
    return this.service.fetch('/admin/canary/sentiment', {
      method: 'PUT',
      headers: { ...ADMIN, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  post(move: string, body?: unknown): Promise<Response> {
    const path = `/admin/canary/sentiment/${move}`;
    return body === undefined
      ? this.service.fetch(path, { method: 'POST', headers: ADMIN })
      : this.service.post(path, body, ADMIN);
  }

  /** The versions that answer these texts. */
  async versions(texts: readonly string[]): Promise<string[]> {
    const response = await this.service.post('/predict_batch', { texts }, { 'x-deadline-ms': '30000' });
    const { results } = (await response.json()) as { results: { model_version: string }[] };
    return results.map(({ model_version: version }) => version);
  }

  async indicator(name: string): Promise<Readonly<Record<string, unknown>>> {
    const { details } = (await (await this.service.fetch('/health')).json()) as {
      details: Record<string, Record<string, unknown>>;
    };
    return details[name] ?? {};
  }
}

export const texts = (count: number, first = 0): string[] =>
  Array.from({ length: count }, (_, i) => `film ${first + i}`);
