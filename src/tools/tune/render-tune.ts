import { count, milliseconds, share } from '../../base/format.js';
import { renderTable } from '../../base/terminal/fit-table.js';
import { PLAIN, type Screen } from '../../base/terminal/screen.js';
import { textWidth, unbroken, wrapLine, wrapText } from '../../base/terminal/wrap.js';
import type { TuneReport } from './tune-report.js';

type Finalist = TuneReport['finalists'][number];

/** Broken, where it must be, behind the sign. */
const SHAPE = `${unbroken('WORKERS ×')} THREADS`;

/** The report as text: the machine, what was searched, the table, the choice and why. */
export function renderReport(report: TuneReport, screen: Screen = PLAIN): string {
  const parts = [
    wrapText(renderHead(report), screen, 2),
    renderFinalists(report, screen),
    renderChoice(report, screen),
    wrapText(renderAdvice(report), screen, 2),
  ];
  if (report.full_grid !== null) parts.push(renderFullGrid(report.full_grid, screen));
  return parts.join('\n');
}

function renderHead(report: TuneReport): string {
  const { machine, traffic, rounds } = report;
  const searched = report.left_out === null ? '' : `; the time left out ${report.left_out}`;
  const halving = rounds.map(({ points, slice_ms: ms }) => `${points} for ${ms} ms`).join(', ');
  return [
    `${report.model}/${report.version} (${report.digest.slice(0, 12)}) on ${machine.cpu}, ${machine.granted_cores} cores granted`,
    ...machine.notes.map((sentence) => `  ${sentence}`),
    `traffic: ${count(traffic.texts)} texts, ${traffic.source}; ${report.clients} clients, the pool alone without HTTP and cache`,
    `${report.searched} of ${report.grid} settings searched by successive halving (${halving || 'no round'})${searched}`,
    ...(report.ended === 'interrupted' ? ['INTERRUPTED: this is what was measured so far'] : []),
    '',
  ].join('\n');
}

function renderFinalists({ finalists, slo_p95_ms: slo }: TuneReport, screen: Screen): string {
  const isShared = finalists.filter(({ tied }) => tied).length > 1;
  const rates = finalists.find(({ p95_ms: rungs }) => rungs.length > 0)?.p95_ms ?? [];
  const heading = [
    '',
    SHAPE,
    'TOKENS',
    'SESSION',
    'TEXTS/S',
    ...(slo === null ? [] : [`WITHIN ${slo} ms`]),
    ...rates.map(({ rate_per_s: rate }) => `P95 AT ${Math.round(rate)}/s`),
    '',
  ];
  const rows = finalists.map((finalist) => [
    finalist.chosen ? '>' : '',
    `${finalist.workers} × ${finalist.threads_per_worker}`,
    String(finalist.max_padded_tokens),
    finalist.session,
    `${Math.round(finalist.texts_per_s)} ${spread(finalist)}`.trim(),
    ...(slo === null ? [] : [`${Math.round(finalist.within_slo_per_s ?? 0)}/s`]),
    ...rates.map((_, i) => p95(finalist, i)),
    [
      ...(finalist.on_frontier ? ['frontier'] : []),
      ...(finalist.tied && isShared ? ['tie'] : []),
      ...(finalist.now ? ['now'] : []),
    ].join(', '),
  ]);
  return renderTable(heading, rows, screen);
}

function spread({ repetitions_per_s: rates }: Finalist): string {
  if (rates.length < 2) return '';
  return `(${Math.round(Math.min(...rates))} to ${Math.round(Math.max(...rates))})`;
}

function p95({ p95_ms: rungs }: Finalist, i: number): string {
  const rung = rungs[i];
  if (rung === undefined) return '-';
  return rung.p95_ms === null ? 'too much' : milliseconds(rung.p95_ms);
}

/** Why this one. */
function explainChoice(report: TuneReport): string[] {
  const { finalists, margin, noise, noise_margin: uncertain, gain, slo_p95_ms: slo } = report;
  const chosen = finalists.find((finalist) => finalist.chosen);
  const ties = finalists.filter(({ tied }) => tied);
  const byRate = !finalists.some(({ within_slo_per_s: rate }) => (rate ?? 0) > 0);
  const goal = byRate
    ? 'the most texts per second'
    : `the most texts per second with a p95 within ${slo ?? 0} ms`;
  const sentences: string[] = [];
  if (slo !== null && byRate) {
    sentences.push(
      `No setting keeps a p95 of ${slo} ms at the rates offered: the choice is by texts per second alone.`,
    );
  }
  const told =
    noise === null
      ? `without repetitions, points within ${share(margin)} count as ties`
      : `one repetition varies by ${share(noise)}, points within ${share(margin)} count as ties`;
  sentences.push(
    ties.length > 1
      ? `${ties.length} settings share the first place (${goal}; ${told}); the simplest of those with the least p95 was taken.`
      : `It has ${goal} (${told}).`,
  );
  if (uncertain !== null && uncertain > margin) {
    sentences.push(
      `UNCERTAIN: noise alone explains differences of ${share(uncertain)} here. Give it more --minutes, or a quieter machine.`,
    );
  }
  if (chosen?.now === true)
    sentences.push('It is what is configured now: nothing is to be gained by changing it.');
  else if (gain !== null) sentences.push(`It answers ${share(gain)} more than what is configured now.`);
  return sentences;
}

function renderChoice(report: TuneReport, screen: Screen): string {
  const { settings } = report;
  return [
    '',
    wrapText(explainChoice(report).join('\n'), screen),
    '',
    `workers: ${settings.workers}`,
    `threads_per_worker: ${settings.threads_per_worker}`,
    ...commented(`queue_limit: ${settings.queue_limit}`, report.queue_limit_why, screen),
    '',
  ].join('\n');
}

/** A line of the configuration file with a comment: behind it, or above it where there is no room. */
function commented(line: string, why: string, screen: Screen): string[] {
  const asOne = `${line}   # ${why}`;
  if (textWidth(asOne) <= screen.columns) return [asOne];
  return [...wrapLine(why, screen.columns - 2).map((part) => `# ${part}`), line];
}

function renderAdvice({ manifest_change: change, model, version }: TuneReport): string {
  if (change === null) return 'Token budget and session options are those of the manifest.\n';
  return [
    `The manifest of ${model}/${version} should say:`,
    `  "session": ${JSON.stringify(change.session)},`,
    `  "batching": ${JSON.stringify(change.batching)}`,
    'A changed manifest is a new version: copy the folder under a new name, change it there, and evaluate it.',
    '',
  ].join('\n');
}

function renderFullGrid(grid: NonNullable<TuneReport['full_grid']>, screen: Screen): string {
  const { best } = grid;
  const rows = grid.points.map((point) => [
    `${point.workers} × ${point.threads_per_worker}`,
    String(point.max_padded_tokens),
    point.session,
    String(Math.round(point.texts_per_s)),
  ]);
  return [
    '',
    `The full grid, ${grid.points.length} settings:`,
    renderTable([SHAPE, 'TOKENS', 'SESSION', 'TEXTS/S'], rows, screen),
    wrapText(
      `Its best, in turn with the choice: ${best.workers} × ${best.threads_per_worker}, ${best.max_padded_tokens} tokens, ${best.session}: ` +
        `${Math.round(grid.best_texts_per_s)} texts/s; the choice: ${Math.round(grid.chosen_texts_per_s)}, ${share(grid.loss)} less.`,
      screen,
    ),
    '',
  ].join('\n');
}
