import type { SerinConfig } from '../base/config/serin-config.js';
import { markdownOnScreen, type Emphasis } from '../base/terminal/markdown-on-screen.js';
import { StartError } from '../base/errors/start-error.js';
import { evaluate } from '../tools/evaluate/evaluate.js';
import { renderMarkdown } from '../tools/evaluate/render-markdown.js';
import { recordOf, writeRecord } from '../tools/evaluate/write-record.js';
import { prepareCharts, writeCharts } from '../tools/evaluate/write-charts.js';
import { EXIT_CODES } from './exit-codes.js';
import { interruptionSignal } from './service-flags.js';
import { startingOverWhenInterrupted, printResult, say } from './output.js';

const emphasis: Emphasis = (text) => (/^accepted/i.test(text) ? 'green' : 'red');

export interface EvaluateFlags {
  readonly data: string;
  readonly against?: string;
  readonly textField: string;
  readonly labelField: string;
  readonly quotes?: true;
  readonly maxAccuracyDrop: number;
  readonly minAccuracy?: number;
  readonly confident?: true;
  readonly limit?: number;
  readonly record?: true;
  readonly showText?: true;
  readonly svgDir?: string;
  readonly json?: true;
}

/** `serin evaluate`. @throws StartError with a sentence when it is wrong usage, or something cannot be used */
export async function runEvaluate(
  config: SerinConfig,
  candidate: string,
  flags: EvaluateFlags,
): Promise<void> {
  const signal = interruptionSignal();
  const against = flags.against ?? null;
  if (flags.record && against === null && flags.minAccuracy === undefined) {
    throw new StartError(
      '--record needs something to judge the accuracy by: the version that it is to replace with --against, or the least accuracy with --min-accuracy (a first version has nothing to be compared with).',
    );
  }
  if (flags.svgDir !== undefined) prepareCharts(flags.svgDir);
  await startingOverWhenInterrupted(signal, async () => {
    const { report, folder } = await evaluate({
      modelRegistry: config.modelRegistry,
      candidate,
      against,
      data: {
        path: flags.data,
        textField: flags.textField,
        labelField: flags.labelField,
        quotes: flags.quotes ?? false,
        limit: flags.limit ?? null,
      },
      limits: {
        max_accuracy_drop_points: against === null ? null : flags.maxAccuracyDrop,
        min_accuracy: flags.minAccuracy ?? null,
        confident: flags.confident ?? false,
        max_batch_label_flips: 0,
      },
      showText: flags.showText ?? false,
      settings: config,
      signal,
      say,
    });
    // The most valuable output comes first, so that a later write that fails loses only its own file.
    printResult(report, flags, (result, screen) =>
      markdownOnScreen(renderMarkdown(result), screen, emphasis),
    );
    if (flags.record) say(`${await writeRecord(folder, recordOf(report))} is written`);
    if (flags.svgDir !== undefined) {
      for (const path of await writeCharts(flags.svgDir, report)) say(`${path} is written`);
    }
    const { accepted, reasons } = report.decision;
    say(accepted ? `${candidate} is accepted` : `${candidate} is refused: ${reasons.join('; ')}`);
    if (!accepted) process.exitCode = EXIT_CODES.refused;
  });
}
