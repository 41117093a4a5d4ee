import type { InferenceItem, Priority } from '../../../../src/engine/dispatch/executor.js';
import { PendingText, type RowsOutcome } from '../../../../src/engine/dispatch/pending-text.js';

interface Parts extends Partial<Omit<InferenceItem, 'version' | 'text'>> {
  readonly key?: string;
  readonly now?: number;
  readonly workMs?: number;
  readonly soloMs?: number;
  readonly priority?: Priority;
}

/** A text of one sequence that waits, with the promise of its outcome. */
export class WaitingText extends PendingText {
  readonly outcome: Promise<RowsOutcome>;

  constructor(
    text: string,
    { key = 'v1', now = 0, priority = 'user', workMs = 1, soloMs = 1, ...item }: Parts = {},
  ) {
    let settle!: (outcome: RowsOutcome) => void;
    const turn = { enqueuedAt: now, turnAt: now, priority };
    const work = { range: null, sequences: 1, tokens: 10, workMs, soloMs, ...turn };
    super(key, { text, ...item }, work, (outcome) => {
      settle(outcome);
    });
    this.outcome = new Promise((resolve) => {
      settle = resolve;
    });
  }
}
