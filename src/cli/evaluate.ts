import type { SerinConfig } from '../base/config/serin-config.js';
import { markdownOnScreen, type Emphasis } from '../base/terminal/markdown-on-screen.js';
import { StartError } from '../base/errors/start-error.js';
import { type Decision, LEAST_TEXTS, WIDEST_DROP_POINTS } from '../tools/evaluate/decision.js';
import { evaluate } from '../tools/evaluate/evaluate.js';
import { renderMarkdown } from '../tools/evaluate/render-markdown.js';
import { recordOf, writeRecord } from '../tools/evaluate/write-record.js';
import { prepareCharts, writeCharts } from '../tools/evaluate/write-charts.js';
import { EXIT_CODES } from './exit-codes.js';
import { readOptionsOf, type InputFlags } from './input-flags.js';
import { checkModelsToWrite } from './models-to-write.js';
import { interruptionSignal } from './service-flags.js';
import { startingOverWhenInterrupted, printResult, say } from './output.js';

const emphasis: Emphasis = (text) => (/^accepted/i.test(text) ? 'green' : 'red');

export interface EvaluateFlags extends InputFlags {
  readonly data: string;
  readonly against?: string;
  readonly textField: string;
  readonly labelField: string;
  readonly maxAccuracyDrop: number;
  readonly minAccuracy?: number;
  readonly confident?: true;
  readonly force?: true;
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
  if (flags.record) checkModelsToWrite(config);
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
        reading: readOptionsOf(flags),
        limit: flags.limit ?? null,
      },
      limits: {
        max_accuracy_drop_points: against === null ? null : flags.maxAccuracyDrop,
        min_accuracy: flags.minAccuracy ?? null,
        confident: flags.confident ?? false,
        max_batch_label_flips: 0,
        min_distinct_texts: LEAST_TEXTS,
        max_drop_upper_points: against === null ? null : Math.max(WIDEST_DROP_POINTS, flags.maxAccuracyDrop),
      },
      force: flags.force ?? false,
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
    say(`${candidate} ${verdictOf(report.decision)}`);
    const { accepted } = report.decision;
    if (!accepted) process.exitCode = EXIT_CODES.refused;
  });
}

/** The decision in words. Where only the evidence is missing, it says what accepts the version nevertheless. */
function verdictOf({ accepted, checks, reasons, forced }: Decision): string {
  if (accepted) return forced.length === 0 ? 'is accepted' : `is accepted by --force: ${forced.join('; ')}`;
  const failed = checks.filter(({ state }) => state === 'fail');
  const lacksEvidence = failed.every(({ check }) => check === 'texts' || check === 'drop_interval');
  const remedy = lacksEvidence ? ' (take more texts, or accept it as it is with --force)' : '';
  return `is refused: ${reasons.join('; ')}${remedy}`;
}
