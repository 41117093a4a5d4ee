import { count, milliseconds, plain, share } from '../../base/format.js';
import { markdownTable } from '../../base/charts/tables.js';
import type { LatencyParts } from './contributors.js';
import type { LoadReport } from './load-report.js';
import { loadName } from './loads.js';
import type { BenchReport, ComparedFigure, ComparisonReport, RunReport } from './bench-report.js';

/** Contributors that are named; the rest stands in the JSON document. */
const NAMED = 3;

/** Stages that add up to the total within so much leave nothing worth knowing untold. */
export const STAGES_TOLERANCE = 0.05;

/** The report for a person. @param charts names of SVG files that lie beside it */
export function renderMarkdown(report: BenchReport, charts: readonly string[]): string {
  const { runs, comparison } = report;
  const parts = [
    '# Bench',
    facts(report),
    ...(report.ended === 'done' ? [] : [`**${ENDED[report.ended]}**`]),
    ...runs.flatMap((run) => renderRun(run, runs.length > 1)),
    ...(comparison === null ? [] : renderComparison(comparison)),
    ...charts.map((name) => `![${name}](${name})`),
  ];
  return `${parts.join('\n\n')}\n`;
}

const ENDED = {
  interrupted: 'INTERRUPTED: these are the rounds so far.',
  service_gone: 'THE SERVICE IS GONE: these are the rounds before.',
} as const;

function facts({
  machine,
  traffic,
  capacity_per_s: capacity,
  runs,
  started_at: startedAt,
}: BenchReport): string {
  const what = `${traffic.model ?? 'the default model'}, ${traffic.version ?? 'the version that its rollout picks'}`;
  const tokens = runs[0]?.loads.find(({ mean_tokens: mean }) => mean !== null)?.mean_tokens ?? null;
  const hits =
    traffic.hit_share === 0 ? 'each sent once' : `${share(traffic.hit_share)} of the requests repeat one`;
  return [
    `- ${what}; texts: ${traffic.lengths}, ${tokens === null ? '' : `${plain(tokens)} tokens on average, `}${hits} (seed ${traffic.seed})`,
    `- each load ${traffic.seconds} s in ${count(traffic.rounds)} rounds, after ${traffic.warm_up_seconds} s of warm-up` +
      (capacity === null
        ? ''
        : `; rates are shares of ${count(Math.round(capacity))} requests/s, measured first`),
    `- ${machine.cpu}, ${machine.processors} processors; Node.js ${machine.node}, ONNX Runtime ${machine.onnxruntime}, Serin ${machine.serin}; load average before ${machine.load_average_before.toFixed(2)}; ${startedAt.slice(0, 16).replace('T', ' ')} UTC`,
  ].join('\n');
}

function renderRun(run: RunReport, isOneOfTwo: boolean): string[] {
  const settings = Object.entries(run.settings ?? {}).map(([name, value]) => `${name}=${value}`);
  const heading = isOneOfTwo ? [`## Service ${run.name}: ${settings.join(', ') || 'as configured'}`] : [];
  const level = isOneOfTwo ? '###' : '##';
  const closed = run.loads.filter(({ load }) => load.kind === 'closed');
  const open = run.loads.filter(({ load }) => load.kind === 'open');
  const doubts = run.loads.flatMap(({ load, doubts: sentences }) =>
    sentences.map((sentence) => `- NOT TO BE TRUSTED, ${loadName(load)}: ${sentence}.`),
  );
  return [
    ...heading,
    ...(closed.length === 0 ? [] : [`${level} Closed loop`, loadTable(closed)]),
    ...(open.length === 0
      ? []
      : [
          `${level} Open loop`,
          'Requests at random moments, whatever becomes of the answers; a latency counts from the moment at which its request was to be sent.',
          loadTable(open),
        ]),
    ...(doubts.length === 0 ? [] : [doubts.join('\n')]),
    `${level} Where the time goes`,
    contributorTable(run.loads),
    stagesSentence(run.loads),
  ];
}

function loadTable(loads: readonly LoadReport[]): string {
  const isOpen = loads[0]?.load.kind === 'open';
  return markdownTable(
    [
      isOpen ? 'offered' : 'connections',
      'answered/s',
      ...['p50', 'p95', 'p99', 'p99.9', 'longest'],
      ...(isOpen ? ['sent late, p99'] : []),
      ...['hits', 'failed'],
    ],
    loads.map(({ load, latency, late, ...report }) => [
      load.kind === 'open' ? `${load.ratePerS}/s` : String(load.connections),
      plain(report.answered_per_s),
      ...[latency?.p50_ms, latency?.p95_ms, latency?.p99_ms, latency?.p999_ms, latency?.max_ms].map((ms) =>
        milliseconds(ms ?? null),
      ),
      ...(isOpen ? [milliseconds(late?.p99_ms ?? null)] : []),
      share(report.hit_rate),
      failures(report),
    ]),
  );
}

function failures({ failed, requests, errors }: Pick<LoadReport, 'failed' | 'requests' | 'errors'>): string {
  if (failed === 0) return '0';
  const codes = Object.entries(errors).sort(([, a], [, b]) => b - a);
  return `${count(failed)} of ${count(requests)}: ${codes.map(([code, times]) => `${count(times)} ${code}`).join(', ')}`;
}

function contributorTable(loads: readonly LoadReport[]): string {
  const rows = loads.flatMap(({ load, at_p50: p50, at_p99: p99 }) =>
    [p50, p99].flatMap((parts) =>
      parts === null
        ? []
        : [
            [
              loadName(load),
              `p${100 * parts.quantile}`,
              milliseconds(parts.mean_latency_ms),
              ...Array.from({ length: NAMED }, (_, i) => contributor(parts, i)),
              parts.stages_of_total === null ? '-' : share(parts.stages_of_total),
            ],
          ],
    ),
  );
  return markdownTable(['load', 'about', 'latency', 'most', 'then', 'then', 'stages of the total'], rows);
}

function contributor({ contributors }: LatencyParts, place: number): string {
  const one = contributors[place];
  return one === undefined ? '' : `${one.name} ${milliseconds(one.ms)} (${Math.round(100 * one.share)} %)`;
}

/** Whether the service's stages explain its total at p50, in a sentence. */
function stagesSentence(loads: readonly LoadReport[]): string {
  const shares = loads.flatMap(({ at_p50: parts }) =>
    parts?.stages_of_total == null ? [] : [parts.stages_of_total],
  );
  if (shares.length === 0)
    return 'The answers have no stage timings (`server-timing`): where the time goes inside of the service is not known.';
  const within = shares.every((of) => Math.abs(of - 1) <= STAGES_TOLERANCE);
  return (
    `Averages of the requests about each quantile. The stages add up to ${span(shares)} of the service's own total at p50: ` +
    `within ${share(STAGES_TOLERANCE)}, ${within ? 'yes' : 'NO'}. What is neither stage nor late sender is network and client: ` +
    'both sockets, and the wait to be read on either side.'
  );
}

function span(shares: readonly number[]): string {
  const [least, most] = [share(Math.min(...shares)), share(Math.max(...shares))];
  return least === most ? least : `${least} to ${most}`;
}

function renderComparison({ kind, a, b, figures, warnings }: ComparisonReport): string[] {
  const found = figures.filter(({ differs }) => differs);
  const verdict =
    figures.length === 0
      ? 'There were too few rounds to compare anything.'
      : found.length === 0
        ? 'No figure differs beyond noise.'
        : `${found.map((figure) => `${figure.load}, ${figure.figure}: ${change(figure)}`).join('; ')}. The rest does not differ beyond noise.`;
  const method =
    kind === 'turns'
      ? 'Both took turns, there and back, with the same texts at the same moments; each round is a pair (paired t test on logarithms).'
      : 'Rounds of two runs (Welch’s t test on logarithms).';
  return [
    `## ${kind === 'turns' ? 'B against A' : 'Against the earlier run'}`,
    `- A: ${a}\n- B: ${b}`,
    `**${verdict}**`,
    ...(warnings.length === 0 ? [] : [warnings.map((warning) => `- ${warning}`).join('\n')]),
    markdownTable(
      ['load', 'figure', 'A', 'B', 'B against A', '95 % interval', 'beyond noise'],
      figures.map((figure) => [
        figure.load,
        figure.figure,
        ...[figure.a, figure.b].map((value) =>
          figure.figure === 'requests/s' ? plain(value) : milliseconds(value),
        ),
        change(figure),
        `${signed(figure.low - 1)} to ${signed(figure.high - 1)}`,
        figure.differs ? 'yes' : 'no',
      ]),
    ),
    `${method} “Beyond noise” is said of as many figures as there are rows, so that chance says it in one report of twenty at most (Holm); the intervals are each row’s own.`,
  ];
}

const change = ({ ratio }: Pick<ComparedFigure, 'ratio'>): string => signed(ratio - 1);

const signed = (of: number): string => `${of > 0 ? '+' : ''}${share(of)}`;
