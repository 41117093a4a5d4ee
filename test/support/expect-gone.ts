import { expect, vi } from 'vitest';

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Workers end when their channel closes, which is shortly after their parent has gone. */
export async function expectGone(pids: readonly number[]): Promise<void> {
  expect(pids.length).toBeGreaterThan(0);
  await vi.waitFor(() => {
    expect(pids.filter(alive)).toEqual([]);
  }, 5_000);
}
