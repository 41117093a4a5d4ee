import { loadavg } from 'node:os';
import type { SerinConfig } from '../base/config/serin-config.js';
import { readProcessors } from '../base/machine/processors.js';
import { StartError } from '../base/errors/start-error.js';
import { chooseWholeVersion } from '../registry/find-version.js';
import { devSentences, sentencesOf } from '../tools/traffic/sentences.js';
import { renderFrontier } from '../tools/tune/frontier-svg.js';
import { renderReport } from '../tools/tune/render-tune.js';
import { makeReport } from '../tools/tune/tune-report.js';
import { tune } from '../tools/tune/tune.js';
import { checkSettingsFile } from '../tools/tune/write-config.js';
import { EXIT_CODES } from './exit-codes.js';
import { interruptionSignal } from './service-flags.js';
import { checkChart, writeChart, writeChoice } from './tune-files.js';
import { printResult, say } from './output.js';

/** As commander has checked them. */
export interface TuneFlags {
  readonly version?: string;
  readonly sloP95Ms?: number;
  readonly minutes: number;
  readonly traffic?: string;
  readonly textField: string;
  readonly write?: string;
  readonly svg?: string;
  readonly fullGrid?: true;
  readonly json?: true;
}

/**
 * `serin tune`.
 * @throws StartError when the version or the traffic cannot be used, a file not be written, or the time is too short
 */
export async function runTune(
  config: SerinConfig,
  model: string | undefined,
  flags: TuneFlags,
): Promise<void> {
  if (flags.write !== undefined) checkSettingsFile(flags.write);
  if (flags.svg !== undefined) checkChart(flags.svg);
  const version = await chooseWholeVersion(config, model ?? config.defaultModel, flags.version);
  const signal = interruptionSignal();
  const texts =
    flags.traffic === undefined
      ? devSentences(version.folder, '--traffic FILE')
      : await sentencesOf(flags.traffic, flags.textField, signal);
  const processors = readProcessors();
  const now = { workers: config.workers, threads: config.threadsPerWorker };
  const sloP95Ms = flags.sloP95Ms ?? null;
  const [loadAverage = 0] = loadavg();
  const { choice, ...result } = await tune({
    version,
    texts,
    processors,
    now,
    settings: config,
    sloP95Ms,
    limitMs: flags.minutes * 60_000,
    fullGrid: flags.fullGrid ?? false,
    signal,
    say,
  });
  if (signal.aborted) process.exitCode = EXIT_CODES.interrupted;
  if (choice === null) {
    if (!signal.aborted)
      throw new StartError('The time was too short to measure anything: give more --minutes.');
    say('interrupted before anything was measured');
    return;
  }
  const source = flags.traffic ?? "the version's dev sentences";
  const facts = { ...config, version, processors, source, texts: texts.length, sloP95Ms, now, loadAverage };
  const report = makeReport({ ...result, choice }, facts);
  printResult(report, flags, renderReport);
  if (flags.write !== undefined) await writeChoice(flags.write, report.settings, signal);
  if (flags.svg !== undefined) writeChart(flags.svg, renderFrontier(report));
}
