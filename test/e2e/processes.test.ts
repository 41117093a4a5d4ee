import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { Service } from './harness.js';

/** True when a process of this id runs; one that has ended and waits to be collected does not. */
function runs(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

const gone = (pids: readonly number[]): Promise<void> =>
  vi.waitFor(
    () => {
      expect(pids.filter(runs)).toEqual([]);
    },
    { timeout: 20_000, interval: 10 },
  );

describe('worker processes', () => {
  it('end with their parent when it is killed', async () => {
    const service = await Service.start({ WORKERS: '2' });
    const workers = service.workerPids();
    expect(workers.length).toBeGreaterThanOrEqual(2);
    service.signal('SIGKILL');
    await service.ended();
    await gone(workers);
  });

  it('outlive the signals that a terminal or a supervisor sends to the whole group', async () => {
    const service = await Service.start({ WORKERS: '2' });
    const workers = service.workerPids();
    for (const pid of workers) {
      process.kill(pid, 'SIGINT');
      process.kill(pid, 'SIGTERM');
    }
    const texts = Array.from({ length: 32 }, (_, i) => `film number ${String(i)}`);
    const answer = (await (await service.post('/predict_batch', { texts })).json()) as {
      results: { label?: string }[];
    };
    expect(answer.results.every(({ label }) => label !== undefined)).toBe(true);
    expect(service.workerPids()).toEqual(workers);
    await service.stop();
    await gone(workers);
  });

  it('know nothing of the secrets of their parent', async () => {
    const service = await Service.start({ ADMIN_TOKEN: 'a-token-of-the-operator' });
    for (const pid of service.workerPids()) {
      expect(readFileSync(`/proc/${String(pid)}/environ`, 'utf8')).not.toContain('a-token-of-the-operator');
    }
    await service.stop();
  });
});
