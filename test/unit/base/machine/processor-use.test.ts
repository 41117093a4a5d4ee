import { expect, it } from 'vitest';
import { processorUse } from '../../../../src/base/machine/processor-use.js';

it('tells the processor time of a process, all threads together', () => {
  const before = processorUse(process.pid);
  const cpu = process.cpuUsage();
  while (process.cpuUsage(cpu).user < 200_000);
  const after = processorUse(process.pid);
  // A thread of garbage collection may add to it.
  expect((after?.usedMs ?? 0) - (before?.usedMs ?? 0)).toBeGreaterThanOrEqual(180);
  expect((after?.usedMs ?? 0) / 1000).toBeCloseTo(
    (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
    0,
  );
  expect(after?.wantsToRun).toBe(true);
});

it('tells nothing of a process that is not there', () => {
  expect(processorUse(2 ** 22 + 1)).toBeNull();
});
