import { AppError } from '../../base/errors/app-error.js';
import type { Computation, InferenceItem, Outcome, Turn } from '../../engine/dispatch/executor.js';
import type { Answer } from '../../engine/tasks/task.js';
import { factsOf, taskOf } from '../../engine/tasks/table.js';
import { FIRST_WINDOW, type View } from '../../engine/view.js';
import type { Answers } from '../answers/answers.js';
import type { Ask, TextResult } from '../answers/ask.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { Departure } from '../request/departure.js';
import type { Budget, Pipeline, UsedAnswers } from './pipeline.js';

/** The version that a manifest binds to a name. @throws AppError when there is none, or it is no longer there */
export type Resolve = (name: string) => ModelVersion;

/** One text on its way through a pipeline. */
export class PipelineRun implements Computation, UsedAnswers, Budget {
  readonly outcome: Promise<Outcome>;
  private readonly admittedAt = performance.now();
  private readonly departure = new Departure();
  private readonly left = new AbortController();
  private settle!: (outcome: Outcome) => void;

  /** @param turn of whoever waits; the asks of the run have its client and its priority */
  constructor(
    private readonly pipeline: Pipeline,
    private readonly item: InferenceItem,
    private turn: Turn,
    private readonly answers: Pick<Answers, 'answer'>,
    private readonly resolve: Resolve,
  ) {
    this.outcome = new Promise((settle) => (this.settle = settle));
    void this.start();
  }

  get deadlineAt(): number {
    return this.turn.deadlineAt;
  }

  get signal(): AbortSignal {
    return this.left.signal;
  }

  cancel(error: AppError): void {
    this.settle({ ok: false, error });
    this.departure.leave();
    this.left.abort();
  }

  update(turn: Turn): void {
    this.turn = turn;
  }

  async ask(
    name: string,
    texts: readonly string[],
    view: View = FIRST_WINDOW,
  ): Promise<readonly TextResult[]> {
    const pin = this.resolve(name);
    const asks = texts.map((text, index): Ask => ({ text, view, index, pin }));
    for (;;) {
      const { client, priority, deadlineAt } = this.turn;
      const { results } = await this.answers.answer(asks, {
        ...{ client, priority, deadlineAt, origin: 'internal', model: pin.model },
        ...{ requestId: '', startedAt: performance.now(), departure: this.departure },
      });
      // Somebody with a later deadline may have joined meanwhile, for whom it is not too late.
      const isLate = results.some((result) => !result.ok && result.error.code === 'DEADLINE_EXCEEDED');
      if (!isLate || this.signal.aborted || this.deadlineAt <= deadlineAt) return results;
    }
  }

  private async start(): Promise<void> {
    const { version, text, view = FIRST_WINDOW } = this.item;
    try {
      const answer = await this.pipeline.run({ version, text, view }, this, this);
      this.assertFits(answer);
      this.settle({ ok: true, value: { answer, ...this.times() } });
    } catch (cause) {
      const error =
        cause instanceof AppError
          ? cause
          : new AppError('INTERNAL', `The pipeline ${this.pipeline.name} failed.`, { cause });
      this.settle({ ok: false, error });
    }
  }

  /** What the cache could not keep and read back is no answer of this version. */
  private assertFits(answer: Answer): void {
    const { version } = this.item;
    const { codec } = taskOf(version);
    const kept = codec.encode(answer);
    if (kept !== null && codec.decode(kept, factsOf(version)) !== undefined) return;
    const { task } = version.manifest;
    throw new AppError(
      'INTERNAL',
      `The pipeline ${this.pipeline.name} answered something that is no ${task} with the labels of ${version.key}.`,
    );
  }

  /** All of its time is inference: it waits for no queue of its own. */
  private times() {
    const { admittedAt } = this;
    const resultAt = performance.now();
    return {
      ...{ admittedAt, resultAt, batchSize: 1 },
      ...{ queueMs: 0, transferMs: 0, tokenizeMs: 0, inferenceMs: resultAt - admittedAt },
    };
  }
}
