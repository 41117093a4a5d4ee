import { count, duration, milliseconds, plain, share } from '../../base/format.js';
import type { SideFigures } from '../evidence/figures-view.js';
import { markdownTable } from '../../base/charts/tables.js';
import { moveLine } from './move-line.js';
import { renderFlips } from './render-flips.js';
import { gateCells } from './render-gates.js';
import { renderPlots } from './render-plots.js';
import type { RolloutReport } from './rollout-report.js';

/** Number of the report's flips that the Markdown shows. */
const SHOWN_FLIPS = 20;

/** The report as Markdown. @param plots name of the SVG file beside it */
export function renderReport(report: RolloutReport, plots: string): string {
  const { model_name: model, stable, canary, verdict, figures, moves, flips } = report;
  const name = canary?.version ?? 'no canary';
  const tookMs = report.began_at === null ? null : Date.parse(report.ended_at) - Date.parse(report.began_at);
  const blocks = [
    `# Rollout of ${model}: ${name} beside ${stable.version}`,
    `**Decision: ${report.decision}**`,
    markdownTable(
      ['', ''],
      [
        ['began', report.began_at ?? 'longer ago than its history goes back'],
        ['ended', report.ended_at],
        ['took', tookMs === null ? '-' : duration(tookMs)],
        ['mode', report.mode],
        ['stable', `${stable.version}, manifest ${stable.digest.slice(0, 12)}`],
        [
          'canary',
          canary === null
            ? '-'
            : `${name}, manifest ${canary.digest.slice(0, 12)}${report.forced ? ', FORCED: no accuracy on record' : ''}`,
        ],
        ['rollout', report.rollout_id],
      ],
    ),
    `![Share, disagreement with its bounds, and latency of both versions over time](${plots})`,
    '## Gates at the end',
    verdict === null
      ? unmeasured(report)
      : `Verdict: \`${verdict.verdict}\`\n\n${markdownTable(
          ['gate', 'state', 'observed', 'limit', 'between', 'n', ''],
          verdict.gates.map((row) => [...gateCells(row), row.sentence]),
        )}`,
    ...(figures === null
      ? []
      : [
          '## What users saw, since it began',
          markdownTable(
            ['', stable.version, name],
            sideRows(figures.total.stable, figures.total.canary).map((row) => [...row]),
          ),
          pairSentence(report),
        ]),
    ...(flips.length === 0
      ? []
      : [
          '## Some of the texts with another label',
          renderFlips(flips.slice(0, SHOWN_FLIPS), { stable: stable.version, canary: name }, markdownTable),
        ]),
    '## Moves',
    moves.map((move) => `- ${moveLine(move)}`).join('\n'),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** The plots of the report, as an SVG document. */
export function renderReportPlots(report: RolloutReport): string {
  const { model_name: model, stable, canary, decision, series, moves, verdict } = report;
  const name = canary?.version ?? 'no canary';
  return renderPlots({
    title: `Rollout of ${model}: ${name} beside ${stable.version}`,
    description: decision,
    stable: stable.version,
    canary: name,
    series,
    moves,
    disagreementLimit: verdict?.gates.find(({ gate }) => gate === 'disagreement')?.limit ?? null,
  });
}

function sideRows(stable: SideFigures, canary: SideFigures): string[][] {
  const row = (name: string, cell: (side: SideFigures) => string): string[] => [
    name,
    cell(stable),
    cell(canary),
  ];
  return [
    row('requests', ({ requests }) => count(requests)),
    row('errors', ({ errors, error_rate: rate }) => `${count(errors)} (${share(rate)})`),
    row('latency p50', ({ latency_p50_ms: ms }) => milliseconds(ms)),
    row('latency p99', ({ latency_p99_ms: ms }) => milliseconds(ms)),
    row('worker time per padded token', ({ worker_us_per_padded_token: us }) =>
      us === null ? '-' : `${plain(us)} µs`,
    ),
    row('labels', ({ labels }) =>
      Object.entries(labels)
        .map(([label, times]) => `${label} ${count(times)}`)
        .join(', '),
    ),
    row('feedback, accuracy', ({ feedback, feedback_accuracy: accuracy }) =>
      feedback === 0 ? '-' : `${count(feedback)}, ${share(accuracy)}`,
    ),
    row('mean kpi', ({ kpi_mean: kpi }) => plain(kpi)),
  ];
}

function pairSentence({ figures }: RolloutReport): string {
  if (figures === null) return '';
  const { pairs } = figures.total;
  const flips = Object.entries(pairs.flips).map(([kind, times]) => `${kind} ${count(times)}`);
  return `${count(pairs.texts)} distinct texts were answered by both versions; ${count(pairs.disagreements)} got another label (${share(pairs.disagreement_rate)}; ${share(pairs.traffic_disagreement_rate)} of the traffic)${flips.length === 0 ? '' : `: ${flips.join(', ')}`}. The score moved by ${plain(pairs.mean_absolute_score_shift)} on average.`;
}

/** Explains why there are no figures, and gives the summary that the last move of the rollout has kept. */
function unmeasured({ moves }: RolloutReport): string {
  const wentOn = moves.some(({ from, to }) => from.phase === 'running' || to.phase === 'running');
  const known = moves.at(-1)?.figures ?? null;
  if (!wentOn && known === null) return 'Nothing was measured.';
  const lost = 'What was measured is not at hand: it went with the process that had seen it.';
  if (known === null) return lost;
  const { pairs, disagreements, canary_requests: canary, canary_errors: canaryErrors } = known;
  const { stable_requests: stable, stable_errors: stableErrors } = known;
  return `${lost} The last move says: verdict \`${known.verdict}\`; ${count(pairs)} distinct texts were answered by both versions, ${count(disagreements)} got another label; ${count(canary)} requests to the canary with ${count(canaryErrors)} errors, ${count(stable)} to the stable version with ${count(stableErrors)}.`;
}
