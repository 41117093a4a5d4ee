import { markdownOnScreen, type Emphasis } from '../base/terminal/markdown-on-screen.js';
import { compareTurns, compareWithEarlier } from '../tools/bench/compare-runs.js';
import { readEarlierReport, requireCommonLoad } from '../tools/bench/earlier-report.js';
import { reportLoad } from '../tools/bench/load-report.js';
import { describeMachine } from '../tools/bench/machine.js';
import { measure, type Measurement } from '../tools/bench/measure-loads.js';
import { renderMarkdown } from '../tools/bench/render-markdown.js';
import { FORMAT, type BenchReport, type RunReport } from '../tools/bench/bench-report.js';
import { Target } from '../tools/bench/target.js';
import {
  Traffic,
  LENGTHS,
  patternsFor,
  type Lengths,
  type TrafficOptions,
} from '../tools/bench/bench-texts.js';
import { prepareFolder, writeReport } from '../tools/bench/write-report.js';
import type { FlagValues } from '../base/config/read-settings.js';
import type { BenchFlags } from './bench-flags.js';
import { planOf } from './bench-plan.js';
import { checkSettings, startServices, type Contestant } from './bench-services.js';
import { EXIT_CODES, type ExitCode } from './exit-codes.js';
import { interruptionSignal, readApiKey } from './service-flags.js';
import { printResult, say } from './output.js';
import type { SerinConfig } from '../base/config/serin-config.js';
import { sentencesOf, stableSentences } from '../tools/traffic/sentences.js';

const CHECK_TEXT = 'a question before the measurement';

/** The only emphasis beside the verdict of a comparison says that the report is not whole. */
const emphasis: Emphasis = (text) => (/^[A-Z ]{8}/.test(text) ? 'yellow' : 'bold');

/** `serin bench`. @param given settings from the command line @throws StartError, ConfigError when it cannot begin */
export async function runBench(flags: BenchFlags, given: FlagValues): Promise<void> {
  const earlier = flags.against === undefined ? null : readEarlierReport(flags.against);
  const settings = checkSettings(flags, given);
  const plan = planOf(flags, earlier, settings.usesRedis);
  if (earlier !== null && flags.against !== undefined) requireCommonLoad(flags.against, earlier, plan);
  const { model, modelVersion: version } = flags;
  const asked = { apiKey: readApiKey(flags.apiKeyFile), model, version };
  if (flags.out !== undefined) prepareFolder(flags.out);
  endAtSecondSignal();
  const signal = interruptionSignal();
  const machine = describeMachine();
  const startedAt = new Date().toISOString();
  const contestants: Contestant[] = [];
  let measurement: Measurement;
  try {
    const traffic = new Traffic(await benchTraffic(flags, settings.config, plan.seed, signal));
    await startServices(contestants, settings.services, flags, { signal, say });
    const targets = contestants.map(({ name, url }) => new Target({ ...asked, name, url }));
    for (const target of targets) await target.check(CHECK_TEXT, flags.url === undefined, signal);
    measurement = await measure({ targets, plan, traffic, signal, say });
    for (const target of targets) target.close();
  } catch (error) {
    if (!signal.aborted) throw error;
    measurement = { ended: 'interrupted', capacityPerS: null, runs: [] };
  } finally {
    await Promise.all(contestants.map(({ stop }) => stop()));
  }
  const runs = contestants.map((contestant, i) => reportRun(contestant, measurement.runs[i] ?? []));
  if (!runs.some(({ loads }) => loads.length > 0)) {
    nothingMeasured(measurement);
    return;
  }
  const base: BenchReport = {
    format: FORMAT,
    started_at: startedAt,
    ended: measurement.ended,
    machine,
    traffic: {
      model: model ?? null,
      version: version ?? null,
      lengths: flags.lengths,
      hit_share: flags.hits / 100,
      seed: plan.seed,
      seconds: plan.seconds,
      rounds: plan.rounds,
      warm_up_seconds: plan.warmUpSeconds,
    },
    capacity_per_s: measurement.capacityPerS,
    runs,
    comparison: null,
  };
  const report = { ...base, comparison: comparisonOf(base, earlier, flags.against) };
  printResult(report, flags, (result, screen) =>
    markdownOnScreen(renderMarkdown(result, []), screen, emphasis),
  );
  process.exitCode = exitCodeOf(report);
  if (flags.out !== undefined) say(`the report: ${writeReport(flags.out, report)}`);
}

/**
 * Ends the command at the second signal. Without a handler a signal ends a process without its 'exit' event, on which the
 * services that were started are killed: they would outlive the command.
 */
function endAtSecondSignal(): void {
  let signals = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (++signals > 1) process.exit(EXIT_CODES.interrupted);
      say('interrupted: waiting for what is under way (once more: end at once)');
    });
  }
}

function reportRun({ name, url, settings }: Contestant, loads: Measurement['runs'][number]): RunReport {
  return {
    name,
    url,
    settings,
    loads: loads.flatMap((load) => {
      const report = reportLoad(load);
      return report === null ? [] : [report];
    }),
  };
}

function comparisonOf(
  report: BenchReport,
  earlier: BenchReport | null,
  file: string | undefined,
): BenchReport['comparison'] {
  const [a, b] = report.runs;
  if (a !== undefined && b !== undefined) return compareTurns(a, b, report.traffic.rounds);
  return earlier === null || file === undefined ? null : compareWithEarlier(file, earlier, report);
}

function nothingMeasured({ ended }: Measurement): void {
  say(ended === 'interrupted' ? 'interrupted before anything was measured' : 'the service went away at once');
  process.exitCode = ended === 'interrupted' ? EXIT_CODES.interrupted : EXIT_CODES.refused;
}

function exitCodeOf({ ended, runs }: BenchReport): ExitCode {
  if (ended === 'interrupted') return EXIT_CODES.interrupted;
  const loads = runs.flatMap((run) => run.loads);
  const isSound = loads.every(({ failed, doubts }) => failed === 0 && doubts.length === 0);
  return ended === 'done' && isSound ? EXIT_CODES.done : EXIT_CODES.refused;
}

/** The source of the texts of a measurement. @throws StartError when there is no source */
async function benchTraffic(
  { lengths, textField, model, hits }: BenchFlags,
  config: () => SerinConfig,
  seed: number,
  signal: AbortSignal,
): Promise<TrafficOptions> {
  const options = { hitShare: hits / 100, seed };
  if (!isKind(lengths)) {
    const patterns = await sentencesOf(lengths, textField, signal);
    return { ...options, patterns, sendPatterns: true };
  }
  const sentences = stableSentences(config(), '--lengths FILE', model);
  // Users often try a service with these very sentences, so its cache may hold them.
  return { ...options, patterns: patternsFor(lengths, sentences), sendPatterns: false };
}

const isKind = (lengths: string): lengths is Lengths => (LENGTHS as readonly string[]).includes(lengths);
