import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TempRegistry } from '../support/temp-registry.js';
import { Service } from './harness.js';

interface Health {
  readonly status: string;
  readonly details: { readonly inference: Record<string, unknown> };
}

let registry: TempRegistry;
let service: Service;

/** One worker and one version, whose files the test may damage. */
beforeEach(async () => {
  registry = new TempRegistry();
  registry.addVersion('v3');
  const config = join(registry.folder, 'serin.config.yaml');
  writeFileSync(config, 'default_model: sentiment\nrollout:\n  sentiment: { stable: v3 }\n');
  service = await Service.start({ MODEL_REGISTRY: registry.folder, SERIN_CONFIG: config });
});
afterEach(async () => {
  await service.stop();
  registry.delete();
});

const killWorker = (): void => {
  for (const pid of service.workerPids()) process.kill(pid, 'SIGKILL');
};

const health = async (): Promise<Health> => (await (await service.fetch('/health')).json()) as Health;

const until = (look: () => Promise<void>): Promise<void> =>
  vi.waitFor(look, { timeout: 30_000, interval: 20 });

describe('a replacement that cannot load a version says why, in log and health, until one can', () => {
  it.each<[string, () => () => void, RegExp]>([
    [
      'a file is missing',
      () => {
        const model = registry.path('v3', 'model.onnx');
        const aside = join(registry.folder, 'aside');
        copyFileSync(model, aside);
        rmSync(model);
        return () => {
          copyFileSync(aside, model);
        };
      },
      /^it could not load sentiment\/v3: ENOENT: .*v3\/model\.onnx'$/,
    ],
    [
      'a file was changed',
      () => {
        registry.flipByte('v3', 'model.onnx');
        return () => {
          registry.flipByte('v3', 'model.onnx');
        };
      },
      /^it could not load sentiment\/v3: model\.onnx does not match its digest in manifest\.json/,
    ],
  ])('%s', async (_, damage, reason) => {
    const repair = damage();
    killWorker();
    await until(async () => {
      const { details } = await health();
      expect(details.inference.last_start_failure).toMatch(reason);
    });
    const loss = async (kind: string): Promise<string> => {
      const { msg } = await service.line((line) => line.msg.includes(`was lost (${kind}: `));
      return msg.replace(/.* was lost \(\w+: (.*)\); .*/, '$1');
    };
    expect(await loss('exit')).toMatch(/^signal SIGKILL, which was not sent from here: /);
    expect(await loss('start_failed')).toMatch(reason);
    const ready = (await (await service.fetch('/health/ready')).json()) as {
      error: { readiness: { reason: string } };
    };
    expect(ready.error.readiness.reason).toMatch(
      /^no worker is ready; the start of the last one failed: it could not load/,
    );

    repair();
    await until(async () => {
      const { status, details } = await health();
      expect(status).toBe('ok');
      expect(details.inference).not.toHaveProperty('last_start_failure');
    });
  });
});
