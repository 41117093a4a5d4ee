import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { QUICK_ROLLOUT } from '../../../bench/rollout/plan.js';
import { ROOT } from '../../support/repository.js';

/** A service that answers, takes a share, and refuses to roll back. It tells its process and what was asked last. */
const FAULTY = `
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
const worker = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
process.on('exit', () => worker.kill('SIGKILL'));
process.on('SIGINT', () => process.exit(0));
writeFileSync(process.env.STATE_DIR + '/pid', String(process.pid));
const METRICS = 'serin_workers{state="wanted"} 1\\nserin_workers{state="ready"} 1\\nserin_workers{state="spare"} 0\\n';
createServer((request, response) => {
  request.resume().on('end', () => {
    response.statusCode = request.url.endsWith('/rollback') ? 500 : 200;
    response.end(request.url === '/metrics' ? METRICS : '{"model_version":"v2"}');
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-bench-unit-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

it('leaves neither service nor load behind when a rollback fails', async () => {
  // The bench reads it when it is loaded, and is compiled elsewhere.
  vi.stubEnv('MODEL_REGISTRY', join(ROOT, 'model-registry'));
  const { measureRollbacks } = await import('../../../bench/rollout/rollback-under-load.js');
  const entry = join(folder, 'faulty.mjs');
  writeFileSync(entry, FAULTY);
  await expect(measureRollbacks(QUICK_ROLLOUT, entry, folder)).rejects.toThrow('rollback answered 500');
  const pid = Number(readFileSync(join(folder, 'rollbacks/pid'), 'utf8'));
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
