import { count, counted } from '../../base/format.js';
import { PLAIN, type Screen } from '../../base/terminal/screen.js';
import { wrapText } from '../../base/terminal/wrap.js';
import type { DriftReport } from './drift.js';
import type { Finding, Side } from './find-differences.js';

/** Enough digits to find the text with `sha256sum`, and to distinguish two texts. */
const SHOWN_HASH = 16;

/** Spaces before what a wrapped line goes on with. */
const HANG = 4;

function renderSide(name: string, side: Side): string {
  if ('code' in side) return `  ${name}  ${side.code}: ${side.message}`;
  const cut = side.truncated ? ', truncated' : '';
  return `  ${name}  ${side.label} ${side.score.toFixed(6)}, ${counted(side.tokens, 'token')}${cut} (${side.model_version})`;
}

function renderFinding(finding: Finding): string {
  const { line, text_sha256: hash, text_chars: chars, text, service, files, cause, explanation } = finding;
  return [
    `line ${line}  ${hash.slice(0, SHOWN_HASH)}  ${counted(chars, 'character')}`,
    ...(text === undefined ? [] : [`  text     ${JSON.stringify(text)}`]),
    renderSide('service', service),
    renderSide('files  ', files),
    `  ${cause}: ${explanation}`,
    '',
  ].join('\n');
}

function renderVersions({
  model,
  version,
  service_digest: there,
  file_digest: here,
  canary,
  url,
}: DriftReport): string[] {
  const same = there === here;
  const digest = same
    ? `digest ${here.slice(0, 12)} on both sides`
    : `digest ${(there ?? 'unknown').slice(0, 12)} there, ${here.slice(0, 12)} here`;
  const beside = canary === null ? '' : `; every request names it, so the canary ${canary} answers none`;
  return [
    `${model}/${version} at ${url} against the file path: ${digest}${beside}`,
    ...(same
      ? []
      : [`WARNING: the service's ${version} is not the one of the registry; differences are to be expected`]),
  ];
}

/** The report for a person. */
export function renderReport(report: DriftReport, screen: Screen = PLAIN): string {
  const { causes, differences, tolerance } = report;
  const byCause = Object.entries(causes)
    .sort(([, a], [, b]) => b - a)
    .map(([cause, texts]) => `${texts} × ${cause}`);
  const unreadable = report.unreadable_lines;
  const text = [
    ...renderVersions(report),
    '',
    ...differences.map(renderFinding),
    `${counted(report.compared, 'text')} compared, out of ${counted(report.lines, 'line')}: ${count(report.equal)} equal, ` +
      `${count(report.different)} different, ${count(report.refused_by_both)} refused by both`,
    ...(byCause.length === 0 ? [] : [`likely causes: ${byCause.join(', ')}`]),
    `largest score difference ${report.max_score_difference.toExponential(1)} (tolerance ${tolerance.toExponential()})`,
    ...(unreadable === 0
      ? []
      : [
          `${counted(unreadable, 'line')} could not be read, the first: line ${String(report.first_unreadable?.line)}, ${String(report.first_unreadable?.problem)}`,
        ]),
    '',
  ].join('\n');
  // Of a finding, what is about a side or a cause stands below its line.
  return wrapText(text, screen, HANG)
    .replace(/^WARNING:/m, screen.paint('red', 'WARNING:'))
    .replaceAll(/^line \d+/gm, (line) => screen.paint('bold', line));
}
