import { statSync } from 'node:fs';
import { withAll } from '../base/close-all.js';
import { readTokenizer } from '../corpus/version-files.js';
import { versionFolder } from '../corpus/version-files.js';
import { say } from '../base/progress.js';
import { mean, median } from '../base/statistics.js';
import { judgeAnswers, mixedBatches, type Answers } from './judge-answers.js';
import { readLabelledSentences } from './labelled-sentences.js';
import { makeModels, type MakeOptions } from './models.js';
import { BUDGETS, type QuantizePlan } from './plan.js';
import type { PythonReport } from './python.js';
import { Subject, type Model } from './subject.js';

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

/** Makes what is to be compared, and measures all of it in the same way, by turns. */
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
    (model) => Subject.start(model, sequences),
    async (subjects) => {
      const answers = new Map<Subject, Answers>();
      for (const subject of subjects) {
        const alone = await subject.logits(sequences.map((_, i) => [i]));
        const mixed = await subject.logits(mixedBatches(sequences.length));
        const judged = judgeAnswers(sentences, alone, mixed);
        answers.set(subject, judged);
        say(`${subject.model.name}: ${judged.correct} of ${judged.n} right, ${judged.flips} flips`);
      }
      const speeds = await measureSpeeds(subjects, plan);
      return subjects.map((subject) => {
        const { name, made, kind, method, modelFile } = subject.model;
        const [answered, speed] = [answers.get(subject), speeds.get(subject)];
        if (answered === undefined || speed === undefined) throw new Error(`${name} was not measured`);
        return { name, made, kind, method, bytes: statSync(modelFile).size, ...answered, ...speed };
      });
    },
  );
  return { plan, sentences: sentences.length, python, remade, models: figures };
}

type Speed = Pick<ModelFigures, 'alonePerS' | 'budget' | 'textsPerS' | 'roundsPerS'>;

/** The best budget of each, then all of them at their best, by turns: what drifts, drifts for all. */
async function measureSpeeds(
  subjects: readonly Subject[],
  { rounds, sliceMs, passes, passSliceMs }: QuantizePlan,
): Promise<Map<Subject, Speed>> {
  const perS = new Map(subjects.map((subject) => [subject, new Map<number, number[]>()]));
  for (let pass = 0; pass < passes; pass++) {
    say(`batches of several sizes, ${pass + 1} of ${passes}`);
    for (const budget of BUDGETS) {
      for (const subject of subjects) {
        const byBudget = perS.get(subject);
        const values = [...(byBudget?.get(budget) ?? []), await subject.textsPerS(budget, passSliceMs)];
        byBudget?.set(budget, values);
      }
    }
  }
  const speeds = new Map<Subject, { alonePerS: number; budget: number; roundsPerS: number[] }>();
  for (const [subject, byBudget] of perS) {
    const means = [...byBudget].map(([budget, values]) => ({ budget, perS: mean(values) }));
    const best = means.reduce((a, b) => (b.perS > a.perS ? b : a));
    const alonePerS = means.find(({ budget }) => budget === 0)?.perS ?? NaN;
    speeds.set(subject, { alonePerS, budget: best.budget, roundsPerS: [] });
  }
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`);
    const turn = round % 2 === 0 ? [...speeds] : [...speeds].reverse();
    for (const [subject, { budget, roundsPerS }] of turn) {
      roundsPerS.push(await subject.textsPerS(budget, sliceMs));
    }
  }
  return new Map(
    [...speeds].map(([subject, speed]) => [subject, { ...speed, textsPerS: median(speed.roundsPerS) }]),
  );
}
