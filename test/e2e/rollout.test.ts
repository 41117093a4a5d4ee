import { expect, it } from 'vitest';
import type { RolloutView } from '../../src/rollout/rollout-types.js';
import { until } from './pool-harness.js';
import { RolloutService } from './rollout-harness.js';

const viewOf = async (response: Response): Promise<RolloutView> => {
  expect(response.status).toBe(200);
  return (await response.json()) as RolloutView;
};

it('a rollback under load: no request after its answer meets the canary, and none fails', async () => {
  const rollout = await RolloutService.start({ REQUEST_TIMEOUT_MS: '30000' });
  await viewOf(await rollout.put({ percent: 50 }));
  const seen: { sentAt: number; status: number; version: string | undefined }[] = [];
  let isOver = false;
  const client = async (id: number): Promise<void> => {
    for (let i = 0; !isOver; i++) {
      const sentAt = performance.now();
      const response = await rollout.service.post('/predict', { text: `client ${id} text ${i}` });
      const { model_version: version } = (await response.json()) as { model_version?: string };
      seen.push({ sentAt, status: response.status, version });
    }
  };
  const clients = Array.from({ length: 8 }, (_, id) => client(id));
  const served = (): number => seen.filter(({ version }) => version === 'v2').length;
  await until(() => served() >= 20);
  const view = await viewOf(await rollout.post('rollback', { reason: 'drill' }));
  const answeredAt = performance.now();
  const enough = seen.length + 60;
  await until(() => seen.length >= enough);
  isOver = true;
  await Promise.all(clients);
  expect(view).toMatchObject({ phase: 'rolled_back', percent: 0, decided_by: 'rolled_back' });
  expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
  const after = seen.filter(({ sentAt }) => sentAt > answeredAt);
  expect(after.length).toBeGreaterThan(20);
  expect(after.filter(({ version }) => version !== 'v1')).toEqual([]);
  expect(
    await rollout.service.line(({ msg }) => /v2 drained: \d+ texts were in flight, 0 are/.test(msg)),
  ).toBeTruthy();
  const metrics = await (await rollout.service.fetch('/metrics')).text();
  expect(metrics).toContain('serin_canary_percent{model="sentiment",version="v2"} 0');
  expect(metrics).toContain('serin_rollout_phase{model="sentiment",phase="rolled_back"} 1');
  expect(metrics).toContain('serin_rollout_moves_total{model="sentiment",move="roll_back",cause="admin"} 1');
  expect(metrics).toContain('serin_canary_in_flight_texts{model="sentiment"} 0');
  await rollout.service.stop();
});
