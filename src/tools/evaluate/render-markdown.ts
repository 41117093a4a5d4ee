import type { EvaluationReport } from './evaluation-report.js';
import { count, scoreDifference, bytes as size, counted, percent } from '../../base/format.js';
import { withLines } from '../measure/labelled-data.js';
import type { CandidateFigures, VersionFigures, Comparison } from './version-figures.js';

/** A report for people. */
export function renderMarkdown(report: EvaluationReport): string {
  const { model, candidate, against, comparison, data } = report;
  const versions = against === null ? [candidate] : [candidate, against];
  const title =
    against === null
      ? `${model}/${candidate.version}`
      : `${model}/${candidate.version} against ${against.version}`;
  return [
    [`# Evaluation of ${title}`],
    decisiwithLines(report),
    dataLines(data),
    qualityLines(versions),
    ...(comparison === null ? [] : [compariswithLines(comparison)]),
    labelLines(versions),
    ...versions.map(confusiwithLines),
    varianceLines(candidate),
    parityLines(versions),
    costLines(versions),
    speedLines(versions),
    machineLines(report),
  ]
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function decisiwithLines({ decision: { accepted, checks, runs } }: EvaluationReport): string[] {
  const marks = { pass: 'yes', fail: '**NO**', not_checked: 'not checked' };
  const verdict = accepted ? '**Accepted.**' : '**Refused.**';
  const alone = runs === 'alone' ? ' It runs one text at a time.' : '';
  return [
    `${verdict}${alone}`,
    '',
    ...checks.map(
      ({ check, state, sentence }) => `- ${check.replaceAll('_', ' ')}: ${marks[state]}: ${sentence}`,
    ),
  ];
}

function dataLines({
  name,
  n,
  rows,
  lines,
  continued_lines: continuedLines,
  sha256,
  duplicates,
  contradictions,
}: EvaluationReport['data']): string[] {
  const part = n === rows ? counted(n, 'text') : `${count(n)} of ${counted(rows, 'text')}, evenly spread`;
  const other = contradictions === 0 ? '' : `, ${count(contradictions)} of them with another label`;
  const twice = duplicates === 0 ? 'none twice' : `${counted(duplicates, 'repeated text')}${other}`;
  const file = `${name} ${withLines(lines, continuedLines)}`;
  return [`Data: ${file}, ${part}, ${twice}, sha256 ${sha256.slice(0, 12)}.`];
}

function qualityLines(versions: readonly VersionFigures[]): string[] {
  return [
    '## Quality',
    '',
    ...perVersion(versions, [
      ['accuracy', ({ accuracy: { accuracy } }) => percent(accuracy, 2)],
      [
        '95 % interval',
        ({
          accuracy: {
            interval_95: [low, high],
          },
        }) => `${percent(low, 2)} to ${percent(high, 2)}`,
      ],
      ['right', ({ accuracy: { correct, n } }) => `${count(correct)} of ${count(n)}`],
      ['macro F1', ({ macro_f1: f1 }) => (f1 === null ? '-' : f1.toFixed(4))],
      ['calibration error', ({ calibration }) => calibration.expected_error.toFixed(4)],
      ['Brier score', ({ calibration }) => calibration.brier_score.toFixed(4)],
      ['truncated texts', ({ truncated }) => count(truncated)],
    ]),
  ];
}

function compariswithLines(comparison: Comparison): string[] {
  const {
    accuracy_drop_points: drop,
    interval_95_points: [low, high],
    lost,
    won,
    mcnemar_p: p,
  } = comparison;
  const { texts, directions, examples } = comparison.disagreements;
  const { mean, max } = comparison.score_shift;
  return [
    '## Difference',
    '',
    `Accuracy ${drop < 0 ? 'rises' : 'drops'} by ${Math.abs(drop).toFixed(2)} points (95 % interval of the drop ${low.toFixed(2)} to ${high.toFixed(2)}): ${counted(lost, 'text')} lost, ${count(won)} won, McNemar p = ${p.toPrecision(2)}.`,
    `Scores move by ${mean.toFixed(4)} on average, by ${max.toFixed(4)} at most.`,
    `${counted(texts, 'text')} ${texts === 1 ? 'gets' : 'get'} another label${texts === 0 ? '.' : ':'}`,
    ...directions.map(
      ({ against, candidate, texts: n }) => `- ${cellOf(against)} to ${cellOf(candidate)}: ${count(n)}`,
    ),
    ...(examples.length === 0
      ? []
      : [
          '',
          ...table(
            [
              'line',
              'label',
              'before',
              'now',
              ...(examples.some(({ text }) => text !== undefined) ? ['text'] : []),
            ],
            examples.map(({ line, label, against, candidate, text }) => [
              String(line),
              cellOf(label),
              cellOf(against),
              cellOf(candidate),
              ...(text === undefined ? [] : [cellOf(text.replace(/\s+/g, ' '))]),
            ]),
          ),
          ...(texts > examples.length ? ['', `and ${count(texts - examples.length)} more`] : []),
        ]),
  ];
}

function labelLines(versions: readonly VersionFigures[]): string[] {
  const rows = versions.flatMap(({ version, labels }) =>
    labels.map(({ label, support, precision, recall, f1 }) => [
      cellOf(label),
      version,
      count(support),
      percent(precision, 2),
      percent(recall, 2),
      f1 === null ? '-' : f1.toFixed(4),
    ]),
  );
  return ['## Labels', '', ...table(['label', 'version', 'texts', 'precision', 'recall', 'F1'], rows)];
}

function confusiwithLines({ version, labels, confusion }: VersionFigures): string[] {
  return table(
    [`${version}: label, answer →`, ...labels.map(({ label }) => cellOf(label))],
    confusion.map((row, k) => [cellOf(labels[k]?.label ?? ''), ...row.map(count)]),
  );
}

function varianceLines({ version, batch_variance: { mixed, padded } }: CandidateFigures): string[] {
  return [
    `## Batch variance of ${version}`,
    '',
    'The same texts alone, beside random others, and beside a much longer one:',
    '',
    ...table(
      ['', 'texts', 'labels flip', 'largest change of a score'],
      Object.entries({ mixed, padded }).map(
        ([way, { texts, label_flips: flips, max_score_change: change }]) => [
          way,
          count(texts),
          count(flips),
          scoreDifference(change),
        ],
      ),
    ),
  ];
}

function parityLines(versions: readonly VersionFigures[]): string[] {
  return [
    '## Parity on this machine',
    '',
    ...perVersion(versions, [
      ['golden texts', ({ parity }) => (parity === null ? 'none' : count(parity.texts))],
      ['other tokens', ({ parity }) => (parity === null ? '-' : count(parity.tokenized_differently))],
      ['another label', ({ parity }) => (parity === null ? '-' : count(parity.label_flips))],
      [
        'largest difference',
        ({ parity }) => (parity === null ? '-' : scoreDifference(parity.max_score_difference)),
      ],
      ['allowed', ({ parity }) => (parity === null ? '-' : String(parity.tolerance))],
    ]),
  ];
}

function costLines(versions: readonly VersionFigures[]): string[] {
  return [
    '## Cost',
    '',
    ...perVersion(versions, [
      ['precision', ({ precision }) => precision],
      ['on disk', ({ cost }) => size(cost.bytes)],
      ['load', ({ cost }) => `${(cost.load_ms / 1_000).toFixed(1)} s`],
      ['memory of a worker', ({ cost }) => size(cost.worker_rss_bytes)],
      ['texts/s on the data', ({ cost }) => count(Math.round(cost.texts_per_s))],
    ]),
  ];
}

function speedLines(versions: readonly VersionFigures[]): string[] {
  const rows = versions.flatMap(({ version, cost: { by_length: lengths } }) =>
    lengths.map((speed) => [
      String(speed.tokens),
      version,
      `${speed.alone_p50_ms.toFixed(1)} ms`,
      `${speed.alone_p95_ms.toFixed(1)} ms`,
      count(Math.round(speed.texts_per_s_by_rows[1] ?? 0)),
      count(Math.round(speed.best_texts_per_s)),
      String(speed.best_rows),
    ]),
  );
  rows.sort(([a], [b]) => Number(a) - Number(b));
  return [
    '## Speed by length',
    '',
    ...table(
      ['tokens', 'version', 'alone, p50', 'p95', 'texts/s alone', 'texts/s, best batch', 'its texts'],
      rows,
    ),
  ];
}

function machineLines({ machine, at, duration_s: seconds }: EvaluationReport): string[] {
  const { cpu, workers, threads_per_worker: threads, node, onnxruntime, serin } = machine;
  return [
    `${counted(workers, 'worker process', 'worker processes')} with ${counted(threads, 'thread')} on ${cpu}; Serin ${serin}, Node ${node}, ONNX Runtime ${onnxruntime}; ${at}, ${seconds.toFixed(0)} s.`,
  ];
}

type Cells = readonly string[];

/** A label as a cell holds it; null is no answer. */
const cellOf = (label: string | null): string =>
  label === null ? 'no answer' : label.replaceAll('|', '\\|');

/** Figures are flush right, the rest flush left. */
function table(heading: Cells, rows: readonly Cells[]): string[] {
  const line = (cells: Cells): string => `| ${cells.join(' | ')} |`;
  const isFigure = (column: number): boolean =>
    column > 0 && rows.every((cells) => /^(\d|-$)/.test(cells[column] ?? ''));
  return [line(heading), line(heading.map((_, i) => (isFigure(i) ? '---:' : '---'))), ...rows.map(line)];
}

/** One row per figure, one column per version. */
function perVersion<V extends VersionFigures>(
  versions: readonly V[],
  rows: readonly (readonly [string, (version: V) => string])[],
): string[] {
  return table(
    ['', ...versions.map(({ version }) => version)],
    rows.map(([title, of]) => [title, ...versions.map(of)]),
  );
}
