import { writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SerinConfig } from '../base/config/serin-config.js';
import { writeReason } from '../base/files/write-error.js';
import { StartError } from '../base/errors/start-error.js';
import { renderCurve } from '../tools/replay/curve-svg.js';
import { renderReport } from '../tools/replay/render-replay.js';
import { replay } from '../tools/replay/replay.js';
import type { ReplayReport } from '../tools/replay/replay-report.js';
import { sampleTrace } from '../tools/replay/sample-trace.js';
import { sentencesOf, stableSentences } from '../tools/traffic/sentences.js';
import { EXIT_CODES, type ExitCode } from './exit-codes.js';
import { interruptionSignal, readApiKey } from './service-flags.js';
import { printResult, say } from './output.js';

/** As commander has checked them. */
export interface ReplayFlags {
  readonly url: string;
  readonly rate?: number;
  readonly speed?: number;
  readonly connections?: number;
  readonly textField: string;
  readonly timeField: string;
  readonly model?: string;
  readonly version?: string;
  readonly limit?: number;
  readonly cacheItems: number;
  readonly apiKeyFile?: string;
  readonly svg?: string;
  readonly json?: true;
  readonly sample?: 'zipf';
  readonly n: number;
  readonly exponent: number;
  readonly seed: number;
  readonly from?: string;
}

const CLOSED_LOOP_CONNECTIONS = 8;
/** With a schedule requests wait for a connection when the service is slow: many, so that they wait there instead. */
const SCHEDULED_CONNECTIONS = 256;

/** `serin replay TRAFFIC`. @throws StartError when the traffic or the service cannot be used */
export async function runReplayCommand(input: string | undefined, flags: ReplayFlags): Promise<void> {
  if (input === undefined) {
    throw new StartError('Name a traffic file, or - for stdin; --sample zipf writes one to try.');
  }
  const signal = interruptionSignal();
  const scheduled = flags.rate !== undefined || flags.speed !== undefined;
  let report: ReplayReport;
  try {
    report = await replay({
      input,
      url: flags.url,
      apiKey: readApiKey(flags.apiKeyFile),
      model: flags.model,
      version: flags.version,
      textField: flags.textField,
      timeField: flags.timeField,
      ratePerS: flags.rate ?? null,
      speed: flags.speed ?? null,
      connections: flags.connections ?? (scheduled ? SCHEDULED_CONNECTIONS : CLOSED_LOOP_CONNECTIONS),
      limit: flags.limit ?? Infinity,
      cacheItems: flags.cacheItems,
      signal,
      say,
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    say('interrupted before the first answer; nothing was measured');
    process.exitCode = EXIT_CODES.interrupted;
    return;
  }
  printResult(report, flags, renderReport);
  process.exitCode = exitCodeOf(report);
  if (flags.svg !== undefined) writeCurve(flags.svg, report);
}

function exitCodeOf({ ended, failed }: ReplayReport): ExitCode {
  if (ended === 'interrupted') return EXIT_CODES.interrupted;
  return failed > 0 || ended === 'service_gone' ? EXIT_CODES.refused : EXIT_CODES.done;
}

function writeCurve(path: string, report: ReplayReport): void {
  try {
    writeFileSync(path, renderCurve(report));
  } catch (error) {
    throw new StartError(`The curve cannot be written to ${path}: ${writeReason(error)}.`);
  }
}

/** `serin replay --sample zipf`. @throws StartError when there are no sentences to make a trace of */
export async function writeSample(
  input: string | undefined,
  flags: ReplayFlags,
  config: () => SerinConfig,
): Promise<void> {
  if (input !== undefined) {
    throw new StartError('--sample makes a trace and takes none: give its texts with --from.');
  }
  const { n: requests, exponent, seed, from } = flags;
  const sentences =
    from === undefined
      ? stableSentences(config(), '--from FILE')
      : await sentencesOf(from, flags.textField, new AbortController().signal);
  const used = new Set<string>();
  function* lines(): Generator<string> {
    for (const text of sampleTrace(sentences, { requests, exponent, seed })) {
      used.add(text);
      yield `${JSON.stringify({ text })}\n`;
    }
  }
  try {
    await pipeline(Readable.from(lines()), process.stdout);
  } catch (error) {
    // `| head` has seen enough.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
    return;
  }
  say(
    `${requests} requests, ${used.size} different texts, drawn from ${requests} that were made of ${sentences.length} ` +
      `sentences (Zipf's law, exponent ${exponent}, seed ${seed})`,
  );
}
