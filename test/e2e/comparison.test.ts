import { expect, it } from 'vitest';
import type { RolloutView } from '../../src/rollout/rollout-types.js';
import { metric } from '../support/cache-harness.js';
import { ADMIN, TOKEN, configFile } from '../support/rollout-client.js';
import { Service } from './harness.js';

it('the comparison yields to users under load, and no request of theirs fails for it', async () => {
  const service = await Service.start({
    SERIN_CONFIG: configFile(
      'rollout:\n  sentiment: { stable: v1, canary: v2, mode: manual, percent: 100, comparison: { sample_percent: 100, budget_percent: 100 } }\n',
    ),
    ADMIN_TOKEN: TOKEN,
    CACHE_MAX_ITEMS: '0',
    QUEUE_LIMIT: '64',
    MAX_TEXTS: '16',
  });
  try {
    const asked = Array.from(
      { length: 600 },
      (_, i) => `film ${String(i)} was ${i % 2 === 0 ? 'a joy' : 'a bore'}, under load`,
    );
    const client = async (): Promise<void> => {
      for (let text = asked.pop(); text !== undefined; text = asked.pop())
        expect((await service.post('/predict', { text })).status).toBe(200);
    };
    await Promise.all(Array.from({ length: 16 }, client));
    expect(await metric(service, 'serin_comparison_skipped_total', 'reason="busy"')).toBeGreaterThan(100);
    const response = await service.fetch('/admin/canary/sentiment', { headers: ADMIN });
    const { figures } = (await response.json()) as RolloutView;
    expect(figures?.total.canary).toMatchObject({ requests: 600, errors: 0 });
  } finally {
    await service.stop();
  }
});
