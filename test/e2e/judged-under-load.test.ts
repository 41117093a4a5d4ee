import { expect, it, vi } from 'vitest';
import { TempRegistry } from '../support/temp-registry.js';
import { configFile, folder, RolloutService } from './rollout-harness.js';

/** Together more texts than the queue admits, so that texts always wait and some are refused. */
const CLIENTS = 12;
const TEXTS = 8;

/** Clients that send batches of new texts without a pause, until they are told to stop. */
class Overload {
  readonly answers = { v1: 0, swapped: 0, refused: 0 };
  private isOver = false;
  private readonly clients: Promise<unknown>;

  constructor(private readonly service: RolloutService['service']) {
    this.clients = Promise.all(Array.from({ length: CLIENTS }, (_, n) => this.client(n)));
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.clients;
  }

  private async client(n: number): Promise<void> {
    for (let i = 0; !this.isOver; i++) {
      const words = `client ${String(n)} on film ${String(i)}`;
      const texts = Array.from({ length: TEXTS }, (_, j) => `${words}: take ${String(j)} was a joy`);
      const response = await this.service.post('/predict_batch', { texts }, { 'x-deadline-ms': '30000' });
      if (response.status === 429) this.answers.refused++;
      const { results = [] } = (await response.json()) as {
        results?: { model_version: 'v1' | 'swapped' }[];
      };
      for (const { model_version: version } of results) this.answers[version]++;
    }
  }
}

it('a canary with swapped labels is rolled back by its first answers while users overload the service', async () => {
  const registry = new TempRegistry();
  registry.addVersion('swapped', { labels: ['POSITIVE', 'NEGATIVE'] }, 'v1');
  const rollout = await RolloutService.start({
    STATE_DIR: folder(),
    MODEL_REGISTRY: registry.folder,
    SERIN_CONFIG: configFile(
      'rollout:\n  sentiment: { stable: v1, canary: swapped, mode: auto, percent: 0 }\n',
    ),
    WORKERS: '1',
    QUEUE_LIMIT: '64',
    MAX_TEXTS: '16',
    CACHE_MAX_ITEMS: '0',
  });
  try {
    const load = new Overload(rollout.service);
    const { answers } = load;
    await vi.waitUntil(() => answers.refused > 10 && answers.v1 > 100, { timeout: 20_000, interval: 5 });
    expect((await rollout.put({ percent: 20 })).status).toBe(200);
    const view = await rollout.viewThat(({ phase }) => phase === 'rolled_back').finally(() => load.stop());
    expect(view.history.at(-1)).toMatchObject({
      cause: { by: 'gate', detail: expect.stringMatching(/^disagreement: /) as string },
    });
    const { pairs = 0, disagreements, canary_requests: seen = 0 } = view.history.at(-1)?.figures ?? {};
    expect(disagreements).toBe(pairs);
    // Nearly all of the first 50 answers are compared at once, and not the few that meet an idle worker by chance.
    expect(pairs).toBeGreaterThan(Math.min(50, seen) / 2);
    // The gates are judged once a second.
    expect(answers.swapped).toBeLessThan(500);
  } finally {
    await rollout.service.stop();
    registry.delete();
  }
});
