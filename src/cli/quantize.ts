import { resolve } from 'node:path';
import type { SerinConfig } from '../base/config/serin-config.js';
import { StartError } from '../base/errors/start-error.js';
import { renderQuantizeReport } from '../tools/quantize/quantize-report.js';
import type { QuantizeVersionOptions } from '../tools/quantize/quantize-run.js';
import { quantizeVersion } from '../tools/quantize/quantize-version.js';
import { interruptionSignal } from './service-flags.js';
import { startingOverWhenInterrupted, printResult, say } from './output.js';

export interface QuantizeFlags {
  readonly to: string;
  readonly method: 'static' | 'dynamic';
  readonly weightBits: 7 | 8;
  readonly calibration?: string;
  readonly calibrationTexts: number;
  readonly leaveOut: readonly string[];
  readonly search?: true;
  readonly data?: string;
  readonly maxAccuracyDrop: number;
  readonly textField: string;
  readonly labelField: string;
  readonly quotes?: true;
  readonly force?: true;
  readonly json?: true;
}

const quoted = (word: string): string =>
  /^[\w./:=@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** The command with what decides about its result, as the manifest keeps it. */
function commandOf(source: string, flags: QuantizeFlags): string {
  const words = ['serin', 'quantize', source, '--to', flags.to, '--method', flags.method];
  words.push('--weight-bits', String(flags.weightBits));
  if (flags.calibration !== undefined) words.push('--calibration', flags.calibration);
  words.push('--calibration-texts', String(flags.calibrationTexts));
  for (const name of flags.leaveOut) words.push('--leave-out', name);
  if (flags.search && flags.data !== undefined) {
    words.push('--search', '--data', flags.data, '--max-accuracy-drop', String(flags.maxAccuracyDrop));
    if (flags.quotes) words.push('--quotes');
  }
  return words.map(quoted).join(' ');
}

/** @throws StartError when one of --search and --data is given without the other */
function searchOf(flags: QuantizeFlags): QuantizeVersionOptions['search'] {
  const { search, data, maxAccuracyDrop, textField, labelField, quotes = false } = flags;
  if (!search && data === undefined) return null;
  if (!search) throw new StartError('--data is for --search: leave it out, or add --search.');
  if (data === undefined) {
    throw new StartError(
      '--search needs labelled texts: name a file with --data, one that evaluate is not given.',
    );
  }
  if (flags.calibration !== undefined && resolve(flags.calibration) === resolve(data)) {
    throw new StartError('--calibration and --data are the same file: calibrate with other texts.');
  }
  return { data: { path: data, textField, labelField, quotes, limit: null }, maxDropPoints: maxAccuracyDrop };
}

/** `serin quantize`. @throws StartError or OnnxError with a sentence when something cannot be used */
export async function runQuantize(config: SerinConfig, source: string, flags: QuantizeFlags): Promise<void> {
  const signal = interruptionSignal();
  await startingOverWhenInterrupted(signal, async () => {
    const report = await quantizeVersion({
      config,
      source,
      target: flags.to,
      method: flags.method,
      weightBits: flags.weightBits,
      calibrationFile: flags.calibration ?? null,
      calibrationTexts: flags.calibrationTexts,
      leaveOut: flags.leaveOut,
      search: searchOf(flags),
      force: flags.force ?? false,
      command: commandOf(source, flags),
      settings: config,
      signal,
      say,
    });
    printResult(report, flags, renderQuantizeReport);
  });
}
