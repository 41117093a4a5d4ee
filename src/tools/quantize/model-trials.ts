import type { LabelledData } from '../measure/labelled-data.js';
import type { VersionRunner } from '../measure/version-runner.js';
import type { Answer } from '../../engine/tasks/task.js';
import { topLabel } from '../../engine/tasks/classified.js';
import type { Encoding } from '../../engine/tokenization/text-tokenizer.js';
import { answersAlone } from './measure-answers.js';
import type { Layer } from './layers.js';
import type { Trials } from './search-layers.js';

export interface TrialOptions {
  readonly data: LabelledData;
  /**
   * Texts on which the shift of scores is measured: a few dozen are enough to find the layer that moves them
   * most.
   */
  readonly shiftTexts: readonly string[];
  /** Opens the version that is quantised. */
  readonly withSource: <T>(use: (runner: VersionRunner) => Promise<T>) => Promise<T>;
  /** Makes the model with these layers quantised, and opens it. */
  readonly withLayers: <T>(
    layers: readonly Layer[],
    use: (runner: VersionRunner) => Promise<T>,
  ) => Promise<T>;
  /** Called with how many single layers have been tried. */
  readonly onShift: (done: number) => void;
}

const ignore = (): void => undefined;

/** Tries models of a search in the worker process. */
export class ModelTrials implements Trials {
  private shifts = 0;

  private constructor(
    private readonly options: TrialOptions,
    private readonly sourceAccuracy: number,
    private readonly sourceRows: readonly Answer[],
  ) {}

  static async open(options: TrialOptions): Promise<ModelTrials> {
    return options.withSource(
      async (runner) =>
        new ModelTrials(
          options,
          await accuracyOf(runner, options.data),
          await answersAlone(runner, encode(runner, options.shiftTexts), ignore),
        ),
    );
  }

  dropPoints(layers: readonly Layer[]): Promise<number> {
    return this.options.withLayers(
      layers,
      async (runner) => 100 * (this.sourceAccuracy - (await accuracyOf(runner, this.options.data))),
    );
  }

  async shift(layer: Layer): Promise<number> {
    this.options.onShift(this.shifts++);
    const rows = await this.options.withLayers([layer], (runner) =>
      answersAlone(runner, encode(runner, this.options.shiftTexts), ignore),
    );
    const changes = rows.flatMap(({ value: { scores } }, i) =>
      scores.map((score, k) => Math.abs(score - (this.sourceRows[i]?.value.scores[k] ?? 0))),
    );
    return changes.reduce((sum, change) => sum + change, 0) / Math.max(1, changes.length);
  }
}

const encode = (runner: VersionRunner, texts: readonly string[]): Encoding[] =>
  texts.map((text) => runner.encode(text));

/** Share of the labelled texts that a version answers as they are labelled. */
async function accuracyOf(runner: VersionRunner, { items }: LabelledData): Promise<number> {
  const outcomes = await runner.run(items.map(({ text }) => text));
  const correct = items.filter(({ label }, i) => {
    const outcome = outcomes[i];
    return outcome !== undefined && 'value' in outcome && topLabel(outcome.value) === label;
  });
  return correct.length / items.length;
}
