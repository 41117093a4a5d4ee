import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { configFile, folder, RolloutService } from './rollout-harness.js';

it('a configuration file that changes while the service starts is in force once it has started', async () => {
  const percent = (share: number): string =>
    `rollout:\n  sentiment: { stable: v1, canary: v2, percent: ${share} }\n`;
  const STATE_DIR = folder();
  const SERIN_CONFIG = configFile(percent(5));
  const starting = RolloutService.start({ STATE_DIR, SERIN_CONFIG });
  // The configuration has been loaded, and nothing is watched yet.
  await vi.waitUntil(() => existsSync(join(STATE_DIR, 'rollout')), { timeout: 30_000, interval: 1 });
  writeFileSync(SERIN_CONFIG, percent(0));
  const rollout = await starting;
  await rollout.viewThat((view) => view.percent === 0);
  expect((await rollout.view()).history.map(({ to }) => to.percent)).toEqual([5, 0]);
  await rollout.service.line(({ msg }) => msg === 'the rollout section has changed and is in force');
  await rollout.service.stop();
});
