import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SerinConfig } from '../base/config/serin-config.js';
import { StartError } from '../base/errors/start-error.js';
import { screenOf } from '../base/terminal/screen.js';
import { answerFields } from '../tools/batch/answer-line.js';
import { linkTarget } from '../base/files/link-target.js';
import { checkConversion, formatOf, STANDARD_STREAM } from '../tools/records/file-format.js';
import { linesInWords } from '../tools/records/records.js';
import { FileRun, type FileRunEnd } from '../tools/batch/file-run.js';
import type { JobOptions } from '../tools/batch/job-options.js';
import { ReaderGone } from '../tools/batch/output-stream.js';
import { describeSummary } from '../tools/batch/run-summary.js';
import { parseShard } from '../tools/batch/shard.js';
import { chooseWholeVersion, type MissingVersion } from '../registry/find-version.js';
import { EXIT_CODES, type ExitCode } from './exit-codes.js';
import { say } from './output.js';

export interface BatchFlags {
  readonly model?: string;
  readonly version?: string;
  readonly textField: string;
  readonly quotes?: true;
  readonly topK?: string;
  readonly shard?: string;
  readonly resume?: true;
  readonly restart?: true;
  readonly onError: 'record' | 'stop';
  readonly json?: true;
}

const missingVersion: MissingVersion = ({ model, version }, listing) => {
  const versions = listing.get(model);
  if (versions === undefined) return `The registry has no model ${JSON.stringify(model)}.`;
  const known = versions.map(({ name }) => name).join(', ');
  return `The model ${model} has no version ${JSON.stringify(version)}; it has ${known}.`;
};

function topKOf({ topK }: BatchFlags): number | null {
  if (topK === undefined) return null;
  if (/^[1-9]\d{0,3}$/.test(topK)) return Number(topK);
  throw new StartError(`--top-k is ${JSON.stringify(topK)}: allowed is a whole number from 1 to 9999.`);
}

/** Also by a link of either kind: OUT replaces what its name leads to. */
function isSameFile(input: string, output: string): boolean {
  if (resolve(input) === resolve(output)) return true;
  try {
    const [one, other] = [statSync(input, { bigint: true }), statSync(output, { bigint: true })];
    return one.dev === other.dev && one.ino === other.ino;
  } catch {
    // A missing file is a different file; a file that cannot be examined is refused when it is opened.
    return false;
  }
}

/** Refuses contradictory or meaningless options before anything is read. */
function checkUsage(input: string, output: string, flags: BatchFlags): void {
  const { resume, json, shard, textField } = flags;
  if (shard !== undefined && parseShard(shard) === null) {
    throw new StartError(`--shard is ${JSON.stringify(shard)}: allowed is i/n with i from 1 to n, e.g. 2/4.`);
  }
  if (shard !== undefined && input === STANDARD_STREAM) {
    throw new StartError('--shard needs a file: stdin has no size to divide.');
  }
  if (resume && (input === STANDARD_STREAM || output === STANDARD_STREAM)) {
    throw new StartError(
      '--resume needs files: nothing that was read from stdin or written to stdout can be resumed.',
    );
  }
  if (json && output === STANDARD_STREAM) {
    throw new StartError('--json and OUT cannot both go to stdout: name a file as OUT.');
  }
  if (answerFields(topKOf(flags)).includes(textField)) {
    throw new StartError(`--text-field cannot be ${textField}: the answer has a field of this name.`);
  }
  if (input !== STANDARD_STREAM && output !== STANDARD_STREAM && isSameFile(input, output)) {
    throw new StartError('IN and OUT are the same file.');
  }
}

async function readOptions(
  config: SerinConfig,
  input: string,
  output: string,
  flags: BatchFlags,
): Promise<JobOptions> {
  checkUsage(input, output, flags);
  const [inputFormat, outputFormat] = [formatOf(input), formatOf(output)];
  checkConversion(inputFormat, outputFormat);
  if (flags.quotes && inputFormat.records === 'jsonl') {
    throw new StartError('--quotes is for TSV: JSON lines have quotes of their own.');
  }
  const target = output === STANDARD_STREAM ? output : linkTarget(output);
  if (target !== output) say(`${output} is a link: ${target} is written`);
  return {
    input,
    inputFormat,
    output: target,
    outputFormat,
    version: await chooseWholeVersion(
      config,
      flags.model ?? config.defaultModel,
      flags.version,
      missingVersion,
    ),
    textField: flags.textField,
    quotes: flags.quotes ?? false,
    topK: topKOf(flags),
    shard: flags.shard === undefined ? null : parseShard(flags.shard),
    mode: flags.restart ? 'restart' : flags.resume ? 'resume' : 'either',
    stopOnError: flags.onError === 'stop',
    workers: config.workers,
    threadsPerWorker: config.threadsPerWorker,
    workerWatchdogMs: config.workerWatchdogMs,
    workerMaxRssBytes: config.workerMaxRssBytes,
  };
}

/**
 * The first signal lets blocks in flight end, the second ends the run at once: the journal is always valid.
 */
function handleSignals(run: FileRun): () => void {
  let signals = 0;
  const onSignal = (): void => {
    signals++;
    if (signals === 1) {
      run.interrupt();
      return;
    }
    run.abandon();
    process.exit(EXIT_CODES.interrupted);
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, onSignal);
  return () => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, onSignal);
  };
}

/** Reports on stderr how the run ended, and returns the exit code. */
function report({ end, summary }: FileRunEnd, { input, output }: JobOptions, run: FileRun): ExitCode {
  const canResume = input !== STANDARD_STREAM && output !== STANDARD_STREAM;
  switch (end.how) {
    case 'interrupted':
      run.say(
        canResume
          ? `interrupted behind ${String(summary.lines)} lines; the same command goes on from here`
          : 'interrupted; what comes from stdin or goes to stdout cannot be resumed',
      );
      return EXIT_CODES.interrupted;
    case 'stopped': {
      const { code, message } = end.error;
      const again = canResume ? '; --on-error record goes on from the block before it' : '';
      run.say(`stopped at ${linesInWords(end.error)}: ${code}: ${message}${again}`);
      return EXIT_CODES.refused;
    }
    case 'finished':
      run.say(`${output} is finished, from this input and this version; nothing was changed`);
      break;
    case 'done':
      if (summary.errors > 0 && output !== STANDARD_STREAM)
        run.say(`lines without an answer are in ${output}.errors`);
  }
  process.stderr.write(describeSummary(summary, screenOf(process.stderr)));
  return summary.errors > 0 ? EXIT_CODES.refused : EXIT_CODES.done;
}

/** `serin batch IN OUT`. @throws StartError with a sentence when it is wrong usage, or something cannot be used */
export async function runBatchCommand(
  config: SerinConfig,
  input: string,
  output: string,
  flags: BatchFlags,
): Promise<void> {
  const options = await readOptions(config, input, output, flags);
  const run = new FileRun(options);
  const ignoreSignals = handleSignals(run);
  try {
    const ended = await run.run();
    process.exitCode = report(ended, options, run);
    if (flags.json) process.stdout.write(`${JSON.stringify({ ...ended.summary, ended: ended.end.how })}\n`);
  } catch (error) {
    if (!(error instanceof ReaderGone)) throw error;
  } finally {
    ignoreSignals();
  }
}
