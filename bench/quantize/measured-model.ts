import { Child } from '../base/child.js';
import type { Sequence } from '../corpus/batches.js';
import type { RunSettings } from '../corpus/version-files.js';
import type { FromModel, ToModel } from './measured-model-process.js';

/** A model that is compared. */
export interface Model {
  readonly name: string;
  /** How it was made, for the report. */
  readonly made: string;
  readonly kind: 'float' | 'serin' | 'python';
  /** How activations get their scales; null: they stay float. */
  readonly method: 'static' | 'dynamic' | null;
  readonly modelFile: string;
  readonly session: RunSettings['session'];
}

/** The process that runs one model; it sleeps while others are measured. */
export class MeasuredModel {
  private readonly child = new Child<ToModel, FromModel>('quantize/measured-model-process');

  private constructor(readonly model: Model) {}

  static async start(model: Model, sequences: readonly Sequence[]): Promise<MeasuredModel> {
    const started = new MeasuredModel(model);
    const { modelFile, session } = model;
    await started.child.ask({ type: 'load', modelFile, session, sequences });
    return started;
  }

  /** Logits of each sequence, in their order, when they are run in these batches. */
  async logits(batches: readonly (readonly number[])[]): Promise<readonly (readonly number[])[]> {
    const answer = await this.child.ask({ type: 'answer', batches });
    if (answer.type !== 'answered') throw new Error(`a process of the bench said ${answer.type}`);
    return answer.logits;
  }

  /** Texts per second in length-sorted batches. @param maxPaddedTokens 0: one text per run */
  async textsPerS(maxPaddedTokens: number, durationMs: number): Promise<number> {
    const answer = await this.child.ask({ type: 'measure', maxPaddedTokens, durationMs });
    if (answer.type !== 'measured') throw new Error(`a process of the bench said ${answer.type}`);
    return answer.textsPerS;
  }

  async close(): Promise<void> {
    await this.child.close();
  }
}
