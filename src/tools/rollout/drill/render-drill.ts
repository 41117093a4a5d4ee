import { moveLine } from '../../../rollout/report/move-line.js';
import { markdownTable } from '../../../base/charts/tables.js';
import { gateCells } from '../../../rollout/report/render-gates.js';
import { renderPlots } from '../../../rollout/report/render-plots.js';
import { PLAIN, type Screen } from '../../../base/terminal/screen.js';
import { wrapText } from '../../../base/terminal/wrap.js';
import { count, duration, milliseconds, plain } from '../../../base/format.js';
import type { DrillDecision, DrillReport, RollbackExercise } from './drill-report.js';
import type { DrillPart } from './part-recorder.js';

const DECISIONS: Readonly<Record<DrillDecision, string>> = {
  promote: 'PROMOTE',
  hold: 'HOLD',
  roll_back: 'ROLL BACK',
};

const DECISION_STYLES = { promote: 'green', hold: 'yellow', roll_back: 'red' } as const;

/** The decision in a line. */
function decisionLine({ decision, model_name: model, canary, stable }: DrillReport): string {
  return `Decision: ${DECISIONS[decision]} ${canary.version} of ${model} (stable: ${stable.version})`;
}

/** The text for a person at the end of a drill. */
export function renderDrillEnd(report: DrillReport, screen: Screen = PLAIN): string {
  const { reasons, rollback, left_at_percent: leftAt } = report;
  const rest = [
    ...reasons.map((reason) => `  ${reason}\n`),
    ...(rollback === null ? [] : [`rollback: ${rollbackSentence(rollback)}\n`]),
    `the canary is left at ${leftAt === null ? 'a share that could not be read' : `${leftAt} %`}\n`,
  ].join('');
  const decision = screen.paint(DECISION_STYLES[report.decision], decisionLine(report));
  return `${wrapText(decision, screen, 2)}\n${wrapText(rest, screen, 2)}`;
}

/** The whole report, for a reviewer. @param plots name of the SVG file beside it */
export function renderDrillMarkdown(report: DrillReport, plots: string): string {
  const { stable, canary, load, parts, rollback, verdict, moves, end } = report;
  const ms = Date.parse(report.ended_at) - Date.parse(report.started_at);
  return [
    `# Canary drill: ${report.model_name}, ${canary.version} beside ${stable.version}`,
    `**${decisionLine(report)}**`,
    report.reasons.map((reason) => `- ${reason}`).join('\n'),
    markdownTable(
      ['', ''],
      [
        ['began', report.started_at],
        ['took', `${duration(ms)} (planned: ${duration(report.planned_s * 1000)})`],
        ['ended', end.kind === 'done' ? 'in order' : end.sentence],
        ['share asked for', `${report.percent} %`],
        [
          'traffic',
          `${load.traffic}; ${plain(load.rate_per_s)} requests/s, at most ${count(load.connections)} at once`,
        ],
        ['stable', `${stable.version}, manifest ${stable.digest.slice(0, 12)}`],
        ['canary', `${canary.version}, manifest ${canary.digest.slice(0, 12)}`],
        ['canary left at', report.left_at_percent === null ? 'unknown' : `${report.left_at_percent} %`],
      ],
    ),
    `![Share, disagreement with its bounds, and latency of both versions over time](${plots})`,
    '## Gates',
    verdict === null
      ? 'The service told no verdict.'
      : [
          `The service's own verdict: \`${verdict.verdict}\`. The time of the drill stands for the step's hold time, which begins anew with every change of the share, so \`hold_time\` does not enter the decision.`,
          markdownTable(
            ['gate', 'state', 'observed', 'limit', 'between', 'n', ''],
            verdict.gates.map((row) => [...gateCells(row), row.sentence]),
          ),
        ].join('\n\n'),
    '## What clients saw',
    ...parts.map((part, i) =>
      partSection(part, parts.length > 1 ? ` (${i === 0 ? 'before' : 'after'} the rollback)` : ''),
    ),
    ...(rollback === null ? [] : ['## The rollback', rollbackSentence(rollback), rollbackTable(rollback)]),
    '## Moves',
    moves.length === 0 ? 'None.' : moves.map((move) => `- ${moveLine(move)}`).join('\n'),
  ]
    .filter((block) => block !== '')
    .join('\n\n')
    .concat('\n');
}

/** The plots of the report, as an SVG document. */
export function renderDrillPlots(report: DrillReport): string {
  const { stable, canary, series, moves, verdict } = report;
  const gate = verdict?.gates.find((row) => row.gate === 'disagreement');
  return renderPlots({
    title: `Drill of ${report.model_name}: ${canary.version} beside ${stable.version}`,
    description: decisionLine(report),
    stable: stable.version,
    canary: canary.version,
    series,
    moves,
    disagreementLimit: gate?.limit ?? null,
  });
}

function partSection(
  { share: split, requests, failed, errors, seconds, versions }: DrillPart,
  when: string,
): string {
  const failures = Object.entries(errors).map(([code, times]) => `${code} ${count(times)}`);
  const facts = [
    `${duration(seconds * 1000)}${when}: ${count(requests)} requests, ${count(failed)} failed${failures.length === 0 ? '' : ` (${failures.join(', ')})`}.`,
    `${count(split.canary_users)} of ${count(split.users)} users had the canary: ${split.observed_percent === null ? '-' : plain(split.observed_percent)} % where ${split.asked_percent} % were asked for; ${count(split.allowed_low)} to ${count(split.allowed_high)} users are within binomial bounds (99.9 %)${split.within ? '' : ', so this is not chance'}.`,
    `${count(split.switched_users)} users were answered by both versions.`,
  ];
  const rows = Object.entries(versions).map(([version, { requests: own, cached, latency }]) => [
    version,
    count(own),
    count(cached),
    milliseconds(latency?.p50_ms ?? null),
    milliseconds(latency?.p95_ms ?? null),
    milliseconds(latency?.p99_ms ?? null),
    milliseconds(latency?.max_ms ?? null),
  ]);
  const table = markdownTable(['version', 'requests', 'from the cache', 'p50', 'p95', 'p99', 'max'], rows);
  return `${facts.join(' ')} Latencies are of answers that were computed.\n\n${table}`;
}

function rollbackSentence(exercise: RollbackExercise): string {
  const {
    call_ms: callMs,
    requests_after: after,
    canary_after: late,
    drained_ms: drainedMs,
    in_flight: inFlight,
  } = exercise;
  return `the call took ${milliseconds(callMs)}; of ${count(after)} requests that were sent after its answer the canary served ${count(late)}; ${count(inFlight)} in flight ended within ${milliseconds(drainedMs)}; ${count(exercise.failed)} failed`;
}

function rollbackTable(exercise: RollbackExercise): string {
  return markdownTable(
    ['', ''],
    [
      ['until the call was answered', milliseconds(exercise.call_ms)],
      ['requests sent after its answer', count(exercise.requests_after)],
      ['… served by the canary', count(exercise.canary_after)],
      ['from the answer to the first moment without the canary', milliseconds(exercise.clean_after_ms)],
      ['requests of the canary in flight at the answer', count(exercise.in_flight)],
      ['… until the last of them had ended', milliseconds(exercise.drained_ms)],
      ['texts of the canary still in flight at the end', count(exercise.left)],
      ['failed requests', count(exercise.failed)],
      ['observed for', duration(exercise.observed_for_ms)],
      ['passed', exercise.passed ? 'yes' : 'NO'],
    ],
  );
}
