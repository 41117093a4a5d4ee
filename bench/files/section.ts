import { SCORE_TOLERANCE, VERSIONS, type Version } from '../base/plan.js';
import { count, ratio, table } from '../report/format.js';
import type { Machine } from '../report/machine.js';
import { sectionOf, type Target } from '../report/section.js';
import type { Agreement } from './agreement.js';
import type { CrashReport } from './crash.js';
import { CRASH_VERSION, type FilesPlan } from './plan.js';
import type { FileSpeed } from './speed.js';

export interface FilesReport {
  readonly plan: FilesPlan;
  readonly speed: Readonly<Record<Version, FileSpeed>>;
  readonly agreement: Readonly<Record<Version, Agreement>>;
  readonly crash: CrashReport;
}

const LEAST_RATIO: Readonly<Record<Version, number>> = { v1: 0.95, v2: 0.92 };

function speedTarget({ speed }: FilesReport, version: Version): Target {
  return {
    what: `${version}: lines/s of \`serin batch\` as a share of the ceiling`,
    wanted: `at least ${ratio(LEAST_RATIO[version])}`,
    measured: speed[version].ratio.toFixed(3),
    reached: speed[version].ratio >= LEAST_RATIO[version],
  };
}

function agreementTarget({ agreement }: FilesReport, version: Version): Target {
  const { texts, sameLabels, maxScoreDifference } = agreement[version];
  return {
    what: `${version}: dev sentences through the file command and through POST /predict`,
    wanted: `the same label, the score within ${SCORE_TOLERANCE}`,
    measured: `${count(sameLabels)} of ${count(texts)} labels, scores within ${maxScoreDifference.toExponential(1)}`,
    reached: sameLabels === texts && maxScoreDifference <= SCORE_TOLERANCE,
  };
}

function crashTargets({ crash }: FilesReport): Target[] {
  const { kills, wrongOutputs, redoneMost, redoneMean, workers, blockLines } = crash;
  const allowed = workers * blockLines;
  return [
    {
      what: `kill -9 at ${count(kills)} random moments, the same command again each time`,
      wanted: 'byte-identical output, never half of it under the final name',
      measured: wrongOutputs === 0 ? 'identical' : `${count(wrongOutputs)} wrong outputs`,
      reached: wrongOutputs === 0,
    },
    {
      what: 'lines done twice after a kill (estimated from processor time)',
      wanted: `at most a block per worker: ${count(allowed)}`,
      measured: `${count(redoneMean)} on average, ${count(redoneMost)} at most`,
      reached: redoneMost <= allowed,
    },
  ];
}

export function filesTargets(report: FilesReport): Target[] {
  return [
    ...VERSIONS.map((version) => speedTarget(report, version)),
    ...VERSIONS.map((version) => agreementTarget(report, version)),
    ...crashTargets(report),
  ];
}

/** The condition for exit code 0, on any machine: no line is wrong, lost or doubled. */
export function filesAreRight(report: FilesReport): boolean {
  const agree = VERSIONS.every((version) => agreementTarget(report, version).reached);
  return agree && report.crash.wrongOutputs === 0;
}

function speedTable({ speed }: FilesReport): string {
  return table(
    [
      '`serin batch`',
      'lines',
      'lines/s',
      'ceiling, texts/s',
      'of the ceiling',
      'lowest to highest',
      'whole command',
    ],
    VERSIONS.map((version) => {
      const {
        lines,
        linesPerS,
        ceilingTextsPerS,
        ratio: share,
        lowestRatio,
        highestRatio,
        wallS,
      } = speed[version];
      return [
        version,
        count(lines),
        count(linesPerS),
        count(ceilingTextsPerS),
        share.toFixed(3),
        `${lowestRatio.toFixed(3)} to ${highestRatio.toFixed(3)}`,
        `${wallS.toFixed(1)} s`,
      ];
    }),
  );
}

function filesMethod({ plan }: FilesReport): string {
  return `\`serin batch\` with its default settings reads JSON lines and writes JSON lines. Each line is a distinct sentence, made as
those of the requests are. ${plan.rounds} rounds; in each, a file of each version runs between two ceilings of ${plan.ceilingMs / 1000} s (two bare
sessions, as above), and its ratio is that to their mean. Lines per second count from the moment that a worker is ready;
"whole command" is from its start to its end. Killed is a ${CRASH_VERSION} run of ${count(plan.crashLines)} lines, by turns the main process alone and
the whole process group, from before a worker is ready on.`;
}

/** The section of docs/benchmarks.md about files. */
export function filesSection(report: FilesReport, machine: Machine): string {
  return sectionOf('Files', '--files', machine, filesTargets(report), [
    filesMethod(report),
    speedTable(report),
  ]);
}
