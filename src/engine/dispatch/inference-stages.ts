import type { BatchTimings } from '../protocol/protocol.js';
import { fromMachineMs } from '../../base/machine-clock.js';

/** When a text passed each point in the main process; `performance.now()` of that process. */
export interface Passage {
  readonly admittedAt: number;
  /** When the worker was free for it: its message was sent, or the answer to the message before it was read. */
  readonly dispatchedAt: number;
  /** The worker's answer was read. */
  readonly resultAt: number;
}

/** Milliseconds of the consecutive stages from admission to result. Their sum is the time between the two. */
export interface InferenceStages {
  readonly queueMs: number;
  /** Both ways through the pipe, with the waits for the event loops at its ends. */
  readonly transferMs: number;
  /** Of the whole message. */
  readonly tokenizeMs: number;
  /** Of the whole message: a text waits for the other texts of its batch. */
  readonly inferenceMs: number;
}

/**
 * Splits the time of a text between its admission and its result. A batch that was handed over ahead may begin before
 * this process has read the previous answer. Its queue time then ends when it begins, and it has no transfer time to
 * the worker. No stage is negative, even if a clock jumps.
 */
export function stagesOf(
  { admittedAt, dispatchedAt, resultAt }: Passage,
  worker: BatchTimings,
): InferenceStages {
  const { tokenizeMs, inferenceMs } = worker;
  const beganAt = fromMachineMs(worker.startedAt);
  const turnAt = Math.max(admittedAt, Math.min(dispatchedAt, beganAt));
  const endedAt = beganAt + tokenizeMs + inferenceMs;
  return {
    queueMs: turnAt - admittedAt,
    transferMs: Math.max(0, beganAt - turnAt) + Math.max(0, resultAt - endedAt),
    tokenizeMs,
    inferenceMs,
  };
}
