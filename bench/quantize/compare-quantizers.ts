import { statSync } from 'node:fs';
import { withAll } from '../base/close-all.js';
import { say } from '../base/progress.js';
import { mean, median } from '../base/statistics.js';
import { readTokenizer, versionFolder } from '../corpus/version-files.js';
import { judgeAnswers, mixedBatches, type Answers } from './judge-answers.js';
import { readLabelledSentences } from './labelled-sentences.js';
import { MeasuredModel, type Model } from './measured-model.js';
import { makeModels, type MakeOptions } from './models.js';
import { BUDGETS, type QuantizePlan } from './plan.js';
import type { PythonReport } from './python.js';

export interface ModelFigures extends Answers, Pick<Model, 'name' | 'made' | 'kind' | 'method'> {
  /** Of the file. */
  readonly bytes: number;
  readonly alonePerS: number;
  /** Padded tokens of a batch with which it answers most. */
  readonly budget: number;
  /** Texts per second at that budget, median of the rounds. */
  readonly textsPerS: number;
  /** The same in each round. */
  readonly roundsPerS: readonly number[];
}

export interface QuantizeComparison {
  readonly plan: QuantizePlan;
  readonly sentences: number;
  readonly python: PythonReport;
  /** Whether `serin quantize` makes the shipped v2 anew, byte for byte. */
  readonly remade: boolean;
  /** v1 first, then the shipped v2. */
  readonly models: readonly ModelFigures[];
}

/** Makes the models to compare, and measures all of them in the same way, by turns. */
export async function compareQuantizers(
  plan: QuantizePlan,
  dataFile: string,
  options: MakeOptions,
): Promise<QuantizeComparison> {
  const sentences = readLabelledSentences(dataFile);
  const { models, python, remade } = await makeModels(options);
  const tokenizer = readTokenizer(versionFolder('v1'));
  const sequences = sentences.map(({ text }) => tokenizer.encode(text));
  const figures = await withAll(
    models,
    (model) => MeasuredModel.start(model, sequences),
    async (measured) => {
      const answers = new Map<MeasuredModel, Answers>();
      for (const one of measured) {
        const alone = await one.logits(sequences.map((_, i) => [i]));
        const mixed = await one.logits(mixedBatches(sequences.length));
        const judged = judgeAnswers(sentences, alone, mixed);
        answers.set(one, judged);
        say(`${one.model.name}: ${judged.correct} of ${judged.n} right, ${judged.flips} flips`);
      }
      const speeds = await measureSpeeds(measured, plan);
      return measured.map((one) => {
        const { name, made, kind, method, modelFile } = one.model;
        const [answered, speed] = [answers.get(one), speeds.get(one)];
        if (answered === undefined || speed === undefined) throw new Error(`${name} was not measured`);
        return { name, made, kind, method, bytes: statSync(modelFile).size, ...answered, ...speed };
      });
    },
  );
  return { plan, sentences: sentences.length, python, remade, models: figures };
}

type Speed = Pick<ModelFigures, 'alonePerS' | 'budget' | 'textsPerS' | 'roundsPerS'>;

/** The best budget of each, then all of them at their best, by turns, so that a drift affects all of them. */
async function measureSpeeds(
  measured: readonly MeasuredModel[],
  { rounds, sliceMs, passes, passSliceMs }: QuantizePlan,
): Promise<Map<MeasuredModel, Speed>> {
  const perS = new Map(measured.map((one) => [one, new Map<number, number[]>()]));
  for (let pass = 0; pass < passes; pass++) {
    say(`batches of several sizes, ${pass + 1} of ${passes}`);
    for (const budget of BUDGETS) {
      for (const one of measured) {
        const byBudget = perS.get(one);
        const values = [...(byBudget?.get(budget) ?? []), await one.textsPerS(budget, passSliceMs)];
        byBudget?.set(budget, values);
      }
    }
  }
  const speeds = new Map<MeasuredModel, { alonePerS: number; budget: number; roundsPerS: number[] }>();
  for (const [one, byBudget] of perS) {
    const means = [...byBudget].map(([budget, values]) => ({ budget, perS: mean(values) }));
    const best = means.reduce((a, b) => (b.perS > a.perS ? b : a));
    const alonePerS = means.find(({ budget }) => budget === 0)?.perS ?? NaN;
    speeds.set(one, { alonePerS, budget: best.budget, roundsPerS: [] });
  }
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`);
    const turn = round % 2 === 0 ? [...speeds] : [...speeds].reverse();
    for (const [one, { budget, roundsPerS }] of turn) {
      roundsPerS.push(await one.textsPerS(budget, sliceMs));
    }
  }
  return new Map([...speeds].map(([one, speed]) => [one, { ...speed, textsPerS: median(speed.roundsPerS) }]));
}
