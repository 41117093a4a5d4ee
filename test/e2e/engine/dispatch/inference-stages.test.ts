import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stagesOf, type InferenceStages } from '../../../../src/engine/dispatch/inference-stages.js';
import { fromMachineMs, toMachineMs } from '../../../../src/base/machine-clock.js';

const sum = ({ queueMs, transferMs, tokenizeMs, inferenceMs }: InferenceStages): number =>
  queueMs + transferMs + tokenizeMs + inferenceMs;

/** What a worker says that began at a time of this process. */
const worker = (
  beganAt: number,
  tokenizeMs: number,
  inferenceMs: number,
): Parameters<typeof stagesOf>[1] => ({
  startedAt: toMachineMs(beganAt),
  ...{ tokenizeMs, inferenceMs, paddedTokens: 1 },
});

describe('the stages of an inference', () => {
  it('are the wait for a worker, the pipe both ways, and the work', () => {
    const stages = stagesOf({ admittedAt: 10, dispatchedAt: 14, resultAt: 30 }, worker(15, 2, 10));
    expect(stages).toMatchObject({ tokenizeMs: 2, inferenceMs: 10 });
    expect(stages.queueMs).toBeCloseTo(4, 3);
    expect(stages.transferMs).toBeCloseTo(1 + 3, 3);
  });

  it('wait in the queue until the worker begins with what it was handed ahead', () => {
    const stages = stagesOf({ admittedAt: 10, dispatchedAt: 14, resultAt: 30 }, worker(12, 2, 10));
    expect(stages.queueMs).toBeCloseTo(2, 3);
    expect(stages.transferMs).toBeCloseTo(6, 3);
  });

  it('add up to the time between admission and result, whenever the worker began', () => {
    const span = fc.double({ min: 0, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(
        span,
        fc.tuple(span, span, span, span, span),
        (admittedAt, [wait, ahead, work, run, back]) => {
          const beganAt = admittedAt + wait;
          const resultAt = beganAt + work + run + back;
          const passage = { admittedAt, dispatchedAt: beganAt - 5_000 + ahead, resultAt };
          expect(sum(stagesOf(passage, worker(beganAt, work, run)))).toBeCloseTo(resultAt - admittedAt, 3);
        },
      ),
    );
  });

  it('are never negative, even if the clocks disagree', () => {
    const any = fc.double({ min: -1e4, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(any, any, any, any, (admittedAt, dispatchedAt, resultAt, beganAt) => {
        const { queueMs, transferMs } = stagesOf(
          { admittedAt, dispatchedAt, resultAt },
          worker(beganAt, 1, 1),
        );
        expect(Math.min(queueMs, transferMs)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('the clock of the machine', () => {
  it('says the same time in another process', () => {
    const before = toMachineMs(performance.now());
    const script = 'process.stdout.write(String(Number(process.hrtime.bigint()) / 1e6))';
    const there = Number(spawnSync(process.execPath, ['-e', script]).stdout.toString());
    const after = toMachineMs(performance.now());
    expect(there).toBeGreaterThan(before);
    expect(there).toBeLessThan(after);
    expect(fromMachineMs(toMachineMs(4711.25))).toBeCloseTo(4711.25, 5);
  });
});
