import { median } from '../base/statistics.js';
import { count, megabytes, ratio, table } from '../report/format.js';
import type { Machine } from '../report/machine.js';
import { sectionOf, type Target } from '../report/section.js';
import type { ModelFigures, QuantizeComparison } from './compare-quantizers.js';
import { BUDGETS, LIMITS, MIXED_ROWS } from './plan.js';

const accuracyOf = ({ correct, n }: ModelFigures): number => (100 * correct) / n;
const percent = (points: number): string => `${points.toFixed(2)} %`;

/** Points are sums of hundredths that a double does not hold exactly. */
const ROUNDING = 1e-9;

/** Of texts per second, in the rounds that they shared. */
const ratioOf = (a: ModelFigures, b: ModelFigures): number =>
  median(a.roundsPerS.map((perS, round) => perS / (b.roundsPerS[round] ?? NaN)));

/** v1 and the shipped v2. */
function shipped({ models }: QuantizeComparison): { float: ModelFigures; ours: ModelFigures } {
  const [float, ours] = models;
  if (float === undefined || ours === undefined) throw new Error('v1 and v2 are always compared');
  return { float, ours };
}

const most = (
  models: readonly ModelFigures[],
  value: (model: ModelFigures) => number,
): ModelFigures | undefined => [...models].sort((a, b) => value(b) - value(a))[0];

/** One of ours against the most accurate and the fastest of Python's. */
function againstPython(ours: ModelFigures, theirs: readonly ModelFigures[]): Target[] {
  const best = most(theirs, accuracyOf);
  const fastest = most(theirs, ({ textsPerS }) => textsPerS);
  if (best === undefined || fastest === undefined) return [];
  const points = accuracyOf(ours) - accuracyOf(best);
  const faster = ratioOf(ours, fastest);
  return [
    {
      what: `accuracy of ${ours.name} against ${best.name}`,
      wanted: `at most ${LIMITS.againstPythonPoints} points below`,
      measured: `${signed(points)} points (${ours.correct} and ${best.correct} right)`,
      reached: points >= -LIMITS.againstPythonPoints - ROUNDING,
    },
    {
      what: `texts/s of ${ours.name} over ${fastest.name}`,
      wanted: 'more than 1.00',
      measured: ratio(faster),
      reached: faster > 1,
    },
  ];
}

/** Like with like, then the shipped version with whatever of Python's is better. */
function pythonTargets(comparison: QuantizeComparison): Target[] {
  const { ours } = shipped(comparison);
  const { models } = comparison;
  const theirs = models.filter(({ kind }) => kind === 'python');
  const dynamic = models.find(({ kind, method }) => kind === 'serin' && method === 'dynamic');
  const of = (wanted: ModelFigures['method']): ModelFigures[] =>
    theirs.filter(({ method }) => method === wanted);
  const all = [
    ...againstPython(ours, of('static')),
    ...(dynamic === undefined ? [] : againstPython(dynamic, of('dynamic'))),
    ...againstPython(ours, theirs),
  ];
  return all.filter(({ what }, i) => all.findIndex((one) => one.what === what) === i);
}

export function quantizeTargets(comparison: QuantizeComparison): Target[] {
  const { float, ours } = shipped(comparison);
  const drop = accuracyOf(ours) - accuracyOf(float);
  const speedUp = ratioOf(ours, float);
  return [
    {
      what: `accuracy of v2 against v1 on ${count(comparison.sentences)} sentences`,
      wanted: `at most ${LIMITS.againstFloatPoints} points below`,
      measured: `${signed(drop)} points (${ours.correct} and ${float.correct})`,
      reached: drop >= -LIMITS.againstFloatPoints - ROUNDING,
    },
    {
      what: `labels of v2 that differ between a sentence alone and in batches of ${MIXED_ROWS}`,
      wanted: '0',
      measured: `${count(ours.flips)}; a score changes by at most ${exponential(ours.maxScoreChange)}`,
      reached: ours.flips === 0,
    },
    {
      what: 'texts/s of v2 over v1, at the best batch of each',
      wanted: `at least ${ratio(LIMITS.speedUp)}`,
      measured: ratio(speedUp),
      reached: speedUp >= LIMITS.speedUp,
    },
    ...pythonTargets(comparison),
  ];
}

/** The condition for exit code 0, on any machine: no label of the shipped version depends on its batch. */
export const quantizersAreRight = (comparison: QuantizeComparison): boolean =>
  shipped(comparison).ours.flips === 0;

const signed = (points: number): string => `${points < 0 ? '' : '+'}${points.toFixed(2)}`;
const exponential = (value: number): string => (value === 0 ? '0' : value.toExponential(1));

function modelTable(comparison: QuantizeComparison): string {
  const { float } = shipped(comparison);
  return table(
    [
      ...['model', 'made by', 'file', 'accuracy', 'flips', 'largest change'],
      ...['texts/s alone', 'best batch, padded tokens', 'texts/s', 'over v1'],
    ],
    comparison.models.map((model) => [
      model.name,
      model.made,
      megabytes(model.bytes),
      percent(accuracyOf(model)),
      count(model.flips),
      exponential(model.maxScoreChange),
      count(model.alonePerS),
      model.budget === 0 ? 'alone' : count(model.budget),
      count(model.textsPerS),
      ratio(ratioOf(model, float)),
    ]),
  );
}

function method({ plan, python, remade, sentences }: QuantizeComparison): string {
  const failed = Object.entries(python.products).flatMap(([name, product]) =>
    'error' in product ? [`\`${name}\` could not be made (${product.error}).`] : [],
  );
  const anew = remade
    ? 'It made the shipped v2 anew, byte for byte.'
    : 'It did not make the shipped v2 anew byte for byte: the fp32 sums of calibration depend on the processor.';
  return `The same v1 is made int8 by \`serin quantize\` and by onnxruntime.quantization ${python.onnxruntime} (onnx ${python.onnx}), calibrated on
the same 512 texts, each alone. ${anew} Python's tool does
not take weights that are stored as fp16, as those of v1 are: it gets them as fp32, through its own preparation
(\`quant_pre_process\`). Its weights have 8 bits, Serin's have 7, which are right on processors without VNNI, too. ${failed.join(' ')}

Every model runs in a process of its own, with one thread and the same session options, on ${count(sentences)} labelled sentences.
Accuracy counts each sentence alone; flips are labels that differ from that in batches of ${MIXED_ROWS} random sentences. Speed is
that of length-sorted batches: first each model's best of ${BUDGETS.length - 1} sizes is found, then they take turns at it, ${plan.rounds} rounds of
${plan.sliceMs / 1000} s; the median is told, and ratios are medians of the rounds. Dynamic models are measured in batches for the sake of
comparison; what is right for them is alone.`;
}

/** The section of docs/benchmarks.md about quantisation. */
export function quantizeSection(comparison: QuantizeComparison, machine: Machine): string {
  return sectionOf('Quantisation', '--quantize --data FILE', machine, quantizeTargets(comparison), [
    method(comparison).replaceAll(/ +$/gm, ''),
    modelTable(comparison),
  ]);
}
