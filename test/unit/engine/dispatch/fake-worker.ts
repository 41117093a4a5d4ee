import type { WorkerHandle } from '../../../../src/engine/pool/worker-handle.js';
import type {
  BatchDone,
  CostCoefficients,
  MessageRows,
  WorkPayload,
} from '../../../../src/engine/protocol/protocol.js';
import { messageRows } from '../../../support/message-rows.js';

export interface SentMessage {
  readonly batchId: number;
  readonly key: string;
  readonly payload: WorkPayload;
}

/** The parts of a process that a lane sees: it takes messages, and the test answers them when it wants. */
export class FakeWorker {
  alive = true;
  takesBatches = true;
  role: 'active' | 'spare' = 'active';
  /** Index of the text on which the process ended while it tokenized it. */
  culprit: number | null = null;
  readonly sent: SentMessage[] = [];
  onSent: (message: SentMessage) => void = () => undefined;
  canRun: (key: string) => boolean = () => true;

  run(batchId: number, key: string, payload: WorkPayload): void {
    const message = { batchId, key, payload };
    this.sent.push(message);
    this.onSent(message);
  }

  endedByText(): number | null {
    return this.culprit;
  }

  get handle(): WorkerHandle {
    return this as unknown as WorkerHandle;
  }

  /** The texts of all messages so far. */
  get texts(): string[] {
    return this.sent.flatMap(({ payload }) => (payload.type === 'run' ? payload.texts : []));
  }
}

const textsOf = (payload: WorkPayload): number =>
  payload.type === 'run' ? payload.texts.length : payload.runs.truncated.length;

/** One row for each text; of a range of windows, one for each window, which has its number as start and end. */
function rowsFor(payload: WorkPayload): MessageRows {
  const texts = textsOf(payload);
  const rows = (count: number): MessageRows =>
    messageRows(Array.from({ length: count }, () => ({ scores: [1] })));
  const ranges = payload.type === 'run' ? payload.ranges : null;
  if (ranges === null) return rows(texts);
  const windows = ranges.map((range) =>
    range === null ? [0] : Array.from({ length: range.to - range.from }, (_, i) => range.from + i),
  );
  let end = 0;
  const rowEnds = windows.map(({ length }) => (end += length));
  return {
    ...rows(end),
    truncated: ranges.map(() => false),
    windows: { rowEnds, spans: windows.flat().flatMap((window) => [window, window]) },
  };
}

/** What a worker answers to a message when all goes well. */
export function doneWith(
  batchId: number,
  payload: WorkPayload,
  { cost, rssBytes = 1, empty = [] }: { cost: CostCoefficients; rssBytes?: number; empty?: number[] },
): BatchDone {
  return {
    type: 'done',
    batchId,
    ok: true,
    rows: { ...rowsFor(payload), empty },
    timings: { startedAt: 0, tokenizeMs: 0, inferenceMs: 1, paddedTokens: 10 },
    cost,
    rssBytes,
  };
}

/** What a worker answers to a message on which the model fails. */
export const failedWith = (batchId: number): BatchDone => ({
  type: 'done',
  batchId,
  ok: false,
  code: 'INFERENCE_FAILED',
  message: 'no',
  rssBytes: 1,
});
