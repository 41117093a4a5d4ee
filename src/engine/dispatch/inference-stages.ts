import type { BatchTimings } from '../protocol/protocol.js';
import { fromMachineMs } from '../../base/machine-clock.js';

/** What the main process saw of a text that was inferred; `performance.now()` of that process. */
export interface Passage {
  readonly admittedAt: number;
  /** The worker was free for it: its message was sent, or the batch before it was known to have ended. */
  readonly dispatchedAt: number;
  /** The worker's answer was read. */
  readonly resultAt: number;
}

/** Milliseconds that follow one another from admission to result; they add up to the time between the two. */
export interface InferenceStages {
  readonly queueMs: number;
  /** Both ways through the pipe, with the waits for the event loops at its ends. */
  readonly transferMs: number;
  /** Of the whole message. */
  readonly tokenizeMs: number;
  /** Of the whole message: a text waits for its batch mates. */
  readonly inferenceMs: number;
}

/**
 * Splits the time of a text between its admission and its result. A batch that was handed over ahead may begin before
 * this process knows that its turn has come: its wait in the queue ends there, and its way to the worker took no time.
 * No stage is negative, whatever clocks do.
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
