import { factLines, renderTable } from '../../base/terminal/fit-table.js';
import { indentedScreen, PLAIN, type Screen } from '../../base/terminal/screen.js';
import { wrapLine, wrapText } from '../../base/terminal/wrap.js';
import { count, duration, milliseconds, plain, share } from '../../base/format.js';
import { moveLine } from '../../rollout/report/move-line.js';
import { renderFlips, type RenderTable } from '../../rollout/report/render-flips.js';
import { gateLines } from '../../rollout/report/render-gates.js';
import type { Figures, SideFigures, WindowFigures } from '../../rollout/evidence/figures-view.js';
import type { RolloutView, VersionView } from '../../rollout/rollout-types.js';
import type { VerdictEstimate } from '../../rollout/verdict-pace.js';

/** Of the history, the latest ones. */
const SHOWN_MOVES = 5;

const INDENT = 2;

const indented = (block: string): string => block.replaceAll(/^(?=.)/gm, ' '.repeat(INDENT));

const lines = (some: readonly string[]): string => some.map((line) => `${line}\n`).join('');

/** A rollout for a person, as wide as the screen. */
export function renderStatus(view: RolloutView, screen: Screen = PLAIN): string {
  const { figures, verdict, problems, history } = view;
  const inner = indentedScreen(screen, INDENT);
  const moves = history
    .slice(-SHOWN_MOVES)
    .flatMap((move) => wrapLine(`    ${moveLine(move)}`, screen.columns, 2));
  return [
    `${screen.paint('bold', `${view.model_name}: ${headline(view)}`)}\n`,
    indented(factsOf(view, inner)),
    ...problems.map((problem) => problemLines(problem, screen)),
    ...(figures === null ? [] : ['\n', indented(renderSides(view, figures, inner))]),
    ...(verdict === null
      ? []
      : [
          `\n  verdict: ${screen.paint(VERDICT_STYLES[verdict.verdict], verdict.verdict)}\n`,
          indented(lines(gateLines(verdict.gates, inner))),
        ]),
    ...(history.length === 0 ? [] : ['\n  last moves\n', lines(moves)]),
  ].join('');
}

const VERDICT_STYLES = {
  promote: 'green',
  hold: 'yellow',
  roll_back: 'red',
  not_enough_data: 'yellow',
} as const;

/** A problem of the rollout, which a reader must not overlook. */
export const problemLines = (problem: string, screen: Screen): string =>
  lines(
    wrapLine(`  PROBLEM  ${problem}`, screen.columns, 9).map((line) =>
      line.replace('PROBLEM', screen.paint('red', 'PROBLEM')),
    ),
  );

/** Texts that the two versions label differently, as a table. */
export function renderFlipsOf(view: RolloutView, screen: Screen = PLAIN): string {
  if (view.flips.length === 0) return '\n  no text with another label\n';
  const inner = indentedScreen(screen, INDENT);
  const table: RenderTable = (heading, rows) => renderTable(heading, rows, inner);
  return `\n  some of the texts with another label\n${indented(renderFlips(view.flips, namesOf(view), table))}`;
}

/** Whose figures those of both sides are: after a promotion the former canary is the stable version. */
function namesOf({ phase, stable, canary, last_good: lastGood }: SidesView): {
  readonly stable: string;
  readonly canary: string;
} {
  const [before, beside] = phase === 'promoted' ? [lastGood, stable] : [stable, canary];
  return { stable: before?.version ?? 'stable', canary: beside?.version ?? 'canary' };
}

/** The rollout in one line: for logs, and for output that is not a terminal. */
export function statusLine(view: RolloutView): string {
  const { figures, verdict, problems } = view;
  const parts = [`${view.model_name}: ${headline(view)}`];
  if (view.step !== null) parts.push(`${duration(view.step.elapsed_ms)} of ${duration(view.step.hold_ms)}`);
  if (figures !== null) {
    const { canary, pairs } = figures.total;
    parts.push(
      `${count(canary.requests)} canary requests, ${count(canary.errors)} failed`,
      `disagreement ${share(pairs.disagreement_rate)} of ${count(pairs.texts)} texts`,
    );
  }
  if (verdict !== null) parts.push(`verdict ${verdict.verdict}`);
  if (verdict?.verdict === 'not_enough_data') parts.push(`verdict in ${estimateLine(view.verdict_estimate)}`);
  parts.push(...problems.map((problem) => `PROBLEM ${problem}`));
  return parts.join('; ');
}

function headline({ phase, canary, percent, stable, forced }: RolloutView): string {
  const name = canary?.version ?? 'no canary';
  const who = `${name}${forced ? ' (forced)' : ''}`;
  switch (phase) {
    case 'idle':
      return `idle, ${who} at ${percent} %`;
    case 'running':
    case 'paused':
      return `${phase}, ${who} at ${percent} %`;
    case 'promoted':
      return `promoted, ${stable?.version ?? '-'} is stable`;
    case 'rolled_back':
      return `rolled back, ${who} at 0 %`;
    default:
      return phase satisfies never;
  }
}

function factsOf(view: RolloutView, screen: Screen): string {
  const rows: [string, string][] = [
    ['stable', versionLine(view.stable)],
    ['canary', versionLine(view.canary)],
  ];
  if (view.last_good !== null) rows.push(['way back', versionLine(view.last_good)]);
  rows.push(
    ['decided by', `${view.decided_by}: ${view.decided_because}`],
    ['mode', view.mode],
    ['step', stepLine(view)],
    ['verdict in', estimateLine(view.verdict_estimate)],
    ['in flight', `${count(view.in_flight)} texts of the canary`],
    ['revision', String(view.revision)],
    ['rollout', view.rollout_id ?? '-'],
  );
  if (view.since !== null) rows.push(['since', view.since]);
  for (const { version, at, reason } of view.rolled_back) {
    rows.push(['held at 0', `${version} since ${at} (${reason}), until clear`]);
  }
  return lines(factLines(rows, screen));
}

function versionLine(version: VersionView | null): string {
  if (version === null) return '-';
  const verdict = version.accepted ? 'accepted' : `not accepted: ${version.acceptance_reason}`;
  return `${version.version}  ${version.state}, ${version.digest.slice(0, 12)}, ${verdict}`;
}

function stepLine({ step, percent, state_percent: statePercent }: RolloutView): string {
  if (step === null) return '-';
  const held = percent === statePercent ? '' : `, held at ${percent} %`;
  const next = step.next_percent === null ? 'then promotion' : `then ${step.next_percent} %`;
  return `${step.number} of ${step.of} at ${step.percent} %${held}: ${duration(step.elapsed_ms)} of ${duration(step.hold_ms)}, ${next}`;
}

/** When there will be enough samples for a verdict. */
function estimateLine(estimate: VerdictEstimate | null): string {
  if (!estimate) return '-';
  const { ms, pairs_left: pairs, answers_left: answers } = estimate;
  if (ms === 0) return 'there are enough samples';
  const missing = [
    ...(pairs > 0 ? [missingSamples(pairs, 'pairs', estimate.pairs_per_minute)] : []),
    ...(answers > 0 ? [missingSamples(answers, 'canary answers', estimate.answers_per_minute)] : []),
  ].join(', ');
  return `${ms === null ? 'unknown' : `about ${duration(ms)}`}: ${missing}`;
}

const missingSamples = (left: number, name: string, perMinute: number | null): string =>
  `${count(left)} more ${name}${perMinute === null ? '' : ` at ${plain(perMinute)} a minute`}`;

/** What the figures of both sides are shown with. */
type SidesView = Pick<RolloutView, 'phase' | 'stable' | 'canary' | 'last_good' | 'step'>;

type SideRow = readonly [string, (side: SideFigures) => string];

const SIDE_ROWS: readonly SideRow[] = [
  ['requests', ({ requests }) => count(requests)],
  ['errors', ({ errors, error_rate: rate }) => `${count(errors)} (${share(rate)})`],
  ['latency p50', ({ latency_p50_ms: ms }) => milliseconds(ms)],
  ['latency p99', ({ latency_p99_ms: ms }) => milliseconds(ms)],
  [
    'worker time per padded token',
    ({ worker_us_per_padded_token: us }) => (us === null ? '-' : `${plain(us)} µs`),
  ],
  ['labels', ({ labels }) => labelShares(labels)],
];

/** Rows that most rollouts do not have. */
const FEEDBACK_ROWS: readonly SideRow[] = [
  ['feedback', ({ feedback }) => count(feedback)],
  ['accuracy by feedback', ({ feedback_accuracy: accuracy }) => share(accuracy)],
  ['mean kpi', ({ kpi_mean: kpi }) => plain(kpi)],
];

/** Both sides since the rollout began, the canary in this step too, and what the pairs say. */
function renderSides(view: SidesView, figures: Figures, screen: Screen): string {
  const { total } = figures;
  const names = namesOf(view);
  const hasFeedback = [total.stable, total.canary].some(
    ({ feedback, kpi_mean: kpi }) => feedback > 0 || kpi !== null,
  );
  const rows = [...SIDE_ROWS, ...(hasFeedback ? FEEDBACK_ROWS : [])];
  const heading = ['since it began', names.stable, names.canary];
  const windows: ((row: SideRow) => string)[] = [
    ([, cell]) => cell(total.stable),
    ([, cell]) => cell(total.canary),
  ];
  if (view.step !== null) {
    heading.push(`${names.canary} in this step`);
    windows.push(([, cell]) => cell(figures.step.canary));
  }
  const table = renderTable(
    heading,
    rows.map((row) => [row[0], ...windows.map((cell) => cell(row))]),
    screen,
  );
  return `${table}${wrapText(pairLines(total), screen, INDENT)}`;
}

function pairLines({ pairs }: WindowFigures): string {
  const flips = Object.entries(pairs.flips)
    .sort(([, a], [, b]) => b - a)
    .map(([kind, times]) => `${kind} ${count(times)}`);
  return [
    `same texts, both versions: ${count(pairs.texts)} distinct, ${count(pairs.disagreements)} with another label (${share(pairs.disagreement_rate)}; ${share(pairs.traffic_disagreement_rate)} of the traffic)\n`,
    ...(flips.length === 0 ? [] : [`flips: ${flips.join(', ')}\n`]),
    ...(pairs.texts === 0
      ? []
      : [
          `score shift: ${plain(pairs.mean_score_shift)} on average, ${plain(pairs.mean_absolute_score_shift)} in size\n`,
        ]),
  ].join('');
}

function labelShares(labels: Readonly<Record<string, number>>): string {
  const all = Object.values(labels).reduce((sum, one) => sum + one, 0);
  if (all === 0) return '-';
  return Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, times]) => `${label} ${share(times / all)}`)
    .join(', ');
}
