import { InferenceSession } from 'onnxruntime-node';
import { leaveStopToParent } from '../../../base/leave-stop-to-parent.js';
import { feedsFor } from '../../../engine/worker/feeds.js';
import type { CalibrationTask, FromCalibrator } from './protocol.js';

const TEXTS_BETWEEN_REPORTS = 8;

// The parent decides when this ends; it closes the channel, which also closes when the parent is killed.
leaveStopToParent();
process.on('disconnect', () => process.exit(0));

function send(message: FromCalibrator): void {
  process.send?.(message, undefined, undefined, () => undefined);
}

/** Runs each text alone, so that padding and other texts affect no range, and keeps the minima and maxima. */
async function calibrate({ modelFile, tensors, sequences }: CalibrationTask): Promise<void> {
  const session = await InferenceSession.create(modelFile, {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    // With more, the last digit of a sum depends on the number of cores, and so would the version that is made.
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const ranges = tensors.map(() => ({ low: Infinity, high: -Infinity }));
  for (const [done, ids] of sequences.entries()) {
    if (done % TEXTS_BETWEEN_REPORTS === 0) send({ type: 'progress', done });
    const results = await session.run(feedsFor(session, [ids]), tensors);
    tensors.forEach((name, i) => {
      const values = results[name]?.data;
      const range = ranges[i];
      if (!(values instanceof Float32Array) || range === undefined) {
        throw new Error(`${name} is not float32, so it cannot be quantised`);
      }
      for (const value of values) {
        if (value < range.low) range.low = value;
        if (value > range.high) range.high = value;
        // NaN fails both comparisons above, so it is recorded explicitly.
        if (Number.isNaN(value)) range.low = NaN;
      }
    });
  }
  send({ type: 'done', ranges });
}

process.once('message', (task: CalibrationTask) => {
  calibrate(task).catch((error: unknown) => {
    send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  });
});
