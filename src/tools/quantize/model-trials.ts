import type { VersionRunner } from '../measure/version-runner.js';
import type { Answer } from '../../engine/tasks/task.js';
import { saidBy } from '../../engine/tasks/table.js';
import type { Encoding } from '../../engine/tokenization/text-tokenizer.js';
import { answersAlone } from './measure-answers.js';
import type { Layer } from './layers.js';
import type { Trials } from './search-layers.js';

/** Labelled texts, and the share by which answers about them are judged. */
export interface JudgedTexts {
  readonly texts: readonly string[];
  /** The name of the share. */
  readonly merit: string;
  /** @param said per text the indices of the labels that it gets; null: it has no answer */
  meritOf(said: readonly (readonly number[] | null)[]): number;
}

export interface TrialOptions {
  readonly data: JudgedTexts;
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
    private readonly sourceMerit: number,
    private readonly sourceRows: readonly Answer[],
  ) {}

  static async open(options: TrialOptions): Promise<ModelTrials> {
    return options.withSource(
      async (runner) =>
        new ModelTrials(
          options,
          await meritOf(runner, options.data),
          await answersAlone(runner, encode(runner, options.shiftTexts), ignore),
        ),
    );
  }

  get merit(): string {
    return this.options.data.merit;
  }

  dropPoints(layers: readonly Layer[]): Promise<number> {
    return this.options.withLayers(
      layers,
      async (runner) => 100 * (this.sourceMerit - (await meritOf(runner, this.options.data))),
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

async function meritOf(runner: VersionRunner, data: JudgedTexts): Promise<number> {
  const outcomes = await runner.run(data.texts);
  return data.meritOf(
    outcomes.map((outcome) => ('value' in outcome ? saidBy(runner.version, outcome.value) : null)),
  );
}
