import { count, counted, percent, rounded } from '../../base/format.js';
import { factLines } from '../../base/terminal/fit-table.js';
import { PLAIN, type Screen } from '../../base/terminal/screen.js';
import { tokensOf, tokensQuantile, type Tally } from './block-tally.js';

/** What a run has done; `total` is the whole output, `resumed` the part of it that an earlier run left. */
export interface RunFigures {
  readonly total: Tally;
  readonly resumed: Tally;
  /** From the command's start. */
  readonly wallMs: number;
  /** From the moment that a worker was ready. */
  readonly scoringMs: number;
  readonly modelName: string;
  readonly modelVersion: string;
  readonly versionDigest: string;
}

/** The closing figures, as `--json` prints them. Rates are those of this run, the rest is of the whole output. */
export interface Summary {
  /** Records. */
  readonly lines: number;
  /** Lines of the input that the output stands for: the header and blank lines too. */
  readonly input_lines: number;
  /** Of these, lines that continue a record which began on an earlier line. */
  readonly continued_lines: number;
  readonly errors: number;
  readonly blank_lines: number;
  readonly resumed_lines: number;
  readonly texts_per_s: number;
  readonly tokens_per_s: number;
  readonly truncated_share: number;
  /** Null when no line has an answer. */
  readonly tokens_p50: number | null;
  readonly tokens_p99: number | null;
  readonly wall_s: number;
  readonly model_name: string;
  readonly model_version: string;
  readonly version_digest: string;
}

export function summarize(figures: RunFigures): Summary {
  const { total, resumed, wallMs, scoringMs } = figures;
  const answered = total.lines - total.errors;
  const answeredNow = answered - (resumed.lines - resumed.errors);
  const seconds = Math.max(scoringMs, 1) / 1000;
  return {
    lines: total.lines,
    input_lines: total.inputLines,
    continued_lines: total.continuedLines,
    errors: total.errors,
    blank_lines: total.blankLines,
    resumed_lines: resumed.lines,
    texts_per_s: rounded(answeredNow / seconds, 1),
    tokens_per_s: rounded((tokensOf(total) - tokensOf(resumed)) / seconds, 1),
    truncated_share: answered === 0 ? 0 : rounded(total.truncated / answered, 6),
    tokens_p50: tokensQuantile(total, 0.5),
    tokens_p99: tokensQuantile(total, 0.99),
    wall_s: rounded(wallMs / 1000, 3),
    model_name: figures.modelName,
    model_version: figures.modelVersion,
    version_digest: figures.versionDigest,
  };
}

/** The summary in a few lines for a person. */
export function describeSummary(summary: Summary, screen: Screen = PLAIN): string {
  const blank = summary.blank_lines > 0 ? `, ${count(summary.blank_lines)} blank` : '';
  const continued =
    summary.continued_lines > 0
      ? `, ${count(summary.continued_lines)} of them inside a record that began earlier`
      : '';
  const resumed = summary.resumed_lines > 0 ? `, ${count(summary.resumed_lines)} of them from before` : '';
  const errors = count(summary.errors);
  const lines = factLines(
    [
      ['lines', `${count(summary.lines)}${resumed}${blank}`],
      ['errors', summary.errors > 0 ? screen.paint('red', errors) : errors],
      ['input', `${counted(summary.input_lines, 'line')}${continued}`],
      ['rate', `${count(summary.texts_per_s)} texts/s, ${count(Math.round(summary.tokens_per_s))} tokens/s`],
      [
        'tokens',
        `p50 ${String(summary.tokens_p50 ?? '-')}, p99 ${String(summary.tokens_p99 ?? '-')}; truncated ${percent(summary.truncated_share, 2)}`,
      ],
      ['wall time', `${summary.wall_s.toFixed(1)} s`],
      [
        'version',
        `${summary.model_name}/${summary.model_version}, digest ${summary.version_digest.slice(0, 12)}`,
      ],
    ],
    screen,
  );
  return lines.map((line) => `${line}\n`).join('');
}
