import { factLines } from '../../base/terminal/fit-table.js';
import { indentedScreen, PLAIN, type Screen } from '../../base/terminal/screen.js';
import { wrapCommand, wrapLine } from '../../base/terminal/wrap.js';
import { megabytes, percent, scoreDifference } from '../../base/format.js';
import type { BatchVarianceFigures } from '../measure/batch-variance.js';
import { TASK_TRAITS, type TaskName } from '../../registry/tasks.js';
import type { Agreement, BudgetFigures } from './measure-answers.js';
import type { KeptLayer } from './layers.js';

export type Method = 'static' | 'dynamic';

/** The steps taken and their cost; also the command's JSON. */
export interface QuantizeReport {
  readonly schema_version: 1;
  readonly model: string;
  readonly task: TaskName;
  readonly source: string;
  readonly version: string;
  readonly folder: string;
  readonly method: Method;
  readonly weight_bits: number;
  readonly calibration: { readonly texts: number; readonly sha256: string } | null;
  readonly model_bytes: { readonly before: number; readonly after: number };
  readonly quantized: { readonly products: number; readonly tables: number };
  readonly left_out: readonly KeptLayer[];
  /** The layer with the largest distance between a weight and its quantised value. */
  readonly largest_weight_error: { readonly layer: string; readonly error: number } | null;
  /** With the source, each text alone; null without texts. */
  readonly agreement: Agreement | null;
  readonly batch_variance: BatchVarianceFigures | null;
  readonly runs_alone: boolean;
  readonly budget: BudgetFigures | null;
  readonly duration_s: number;
}

const MOST_LISTED = 8;

/** The closing words, for people. */
export function renderQuantizeReport(report: QuantizeReport, screen: Screen = PLAIN): string {
  const { before, after } = report.model_bytes;
  const { products, tables } = report.quantized;
  const rows: [string, string][] = [
    ['model.onnx', `${megabytes(before)} → ${megabytes(after)} (${percent(after / before, 0)})`],
    ['quantised', `${products} products, ${tables} ${tables === 1 ? 'table' : 'tables'} of rows`],
    ['left as they are', leftOut(report.left_out)],
  ];
  const { largest_weight_error: error, calibration, agreement, batch_variance: variance, budget } = report;
  if (error !== null) rows.push(['largest weight error', `${error.error.toPrecision(2)} in ${error.layer}`]);
  if (calibration !== null) {
    rows.push(['calibrated on', `${calibration.texts} texts (sha256 ${calibration.sha256.slice(0, 12)}…)`]);
  }
  if (agreement !== null) {
    const { texts, labels_equal: equal, max_score_change: change } = agreement;
    const same = `${equal} of ${texts} labels are those of ${report.source}`;
    rows.push(['agreement', `${same}; a score moves by at most ${change.toFixed(3)}`]);
  }
  if (variance !== null) {
    const { label_flips: flips, max_score_change: change } = variance;
    const word = `${flips} labels flip, a score changes by at most ${scoreDifference(change)}`;
    rows.push(['alone or in batches', report.runs_alone ? `${word}: it runs one text at a time` : word]);
  }
  if (budget !== null) {
    const best = budget.texts_per_s[budget.max_padded_tokens] ?? 0;
    rows.push(['batches', `of ${budget.max_padded_tokens} padded tokens: ${best} texts/s of one worker`]);
  }
  rows.push(['took', `${report.duration_s.toFixed(0)} s`]);
  const name = `${report.model}/${report.version}`;
  const [why, command] = nextStep(report);
  return [
    ...wrapLine(
      `${name} is made from ${report.source} (${report.method} int8, ${report.weight_bits}-bit weights)`,
      screen.columns,
    ).map((line) => screen.paint('bold', line)),
    ...factLines(rows, indentedScreen(screen, 2)).map((line) => `  ${line}`),
    ...wrapLine(why, screen.columns),
    ...wrapCommand(`  ${command}`, screen),
    '',
  ].join('\n');
}

/** Why a step is next, and its command. */
function nextStep({ model, version, source, task }: QuantizeReport): [why: string, command: string] {
  return TASK_TRAITS[task].severalLabels
    ? [
        'It gets no traffic by itself, and serin evaluate knows one label per text only: measure it yourself, then',
        `npx serin canary set ${model} --version ${version} --percent N --force`,
      ]
    : [
        'It gets no traffic until it is accepted:',
        `npx serin evaluate ${model}/${version} --against ${source.split('/')[1] ?? ''} --data FILE --record`,
      ];
}

function leftOut(layers: readonly KeptLayer[]): string {
  if (layers.length === 0) return 'none';
  const listed = layers.slice(0, MOST_LISTED).map(({ name, reason }) => `${name} (${reason})`);
  const more = layers.length - listed.length;
  return [...listed, ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}
