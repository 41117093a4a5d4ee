import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../base/files/replace-file.js';
import type { SerinConfig } from '../base/config/serin-config.js';
import { writeReason } from '../base/files/write-error.js';
import { StartError } from '../base/errors/start-error.js';
import { sampleTrace } from '../tools/replay/sample-trace.js';
import { sentencesOf, stableSentences } from '../tools/traffic/sentences.js';
import { runDrill } from '../tools/rollout/drill/drill.js';
import type { DrillReport } from '../tools/rollout/drill/drill-report.js';
import {
  renderDrillEnd,
  renderDrillMarkdown,
  renderDrillPlots,
} from '../tools/rollout/drill/render-drill.js';
import { Refused } from '../tools/rollout/refused.js';
import { rolloutClient, type AdminFlags } from './admin-access.js';
import { EXIT_CODES, type ExitCode } from './exit-codes.js';
import { interruptionSignal, readApiKey } from './service-flags.js';
import { jsonDocument, printResult, say } from './output.js';

/** As commander has checked them. */
export interface DrillFlags extends AdminFlags {
  readonly minutes: number;
  readonly percent: number;
  readonly version?: string;
  readonly traffic?: string;
  readonly textField: string;
  readonly rate: number;
  readonly connections: number;
  readonly rollback: boolean;
  readonly keep?: true;
  readonly reportDir: string;
  readonly apiKeyFile?: string;
  readonly seed: number;
  readonly json?: true;
}

/** Texts of a sample trace; a longer drill begins it again. */
const SAMPLE_REQUESTS = 200_000;
/** A report is there to be read. */
const REPORT_MODE = 0o644;
const MS_PER_MINUTE = 60_000;

/** `serin canary drill`. @throws StartError, ConfigError when it cannot begin */
export async function drill(
  model: string | undefined,
  flags: DrillFlags,
  config: () => SerinConfig,
): Promise<void> {
  if (flags.percent === 0) throw new StartError('A drill at 0 % exercises nothing: name a share above 0.');
  const signal = interruptionSignal();
  const write = reportWriter(flags.reportDir);
  const texts = await textsOf(flags, config, signal);
  const client = rolloutClient(flags, new AbortController().signal);
  let report: DrillReport;
  try {
    report = await runDrill({
      client,
      model: await client.modelNamed(model),
      version: flags.version,
      percent: flags.percent,
      durationMs: flags.minutes * MS_PER_MINUTE,
      rollback: flags.rollback,
      keep: flags.keep ?? false,
      traffic: {
        url: flags.url,
        apiKey: readApiKey(flags.apiKeyFile),
        connections: flags.connections,
        ratePerS: flags.rate,
        ...texts,
      },
      signal,
      say,
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(`refused: ${error.message} (${error.code})`);
    process.exitCode = EXIT_CODES.refused;
    return;
  }
  process.exitCode = exitCodeOf(report);
  printResult(report, flags, renderDrillEnd);
  say(`the report: ${await write(report)}`);
}

function exitCodeOf({ end, decision }: DrillReport): ExitCode {
  if (end.kind === 'interrupted') return EXIT_CODES.interrupted;
  return decision === 'promote' ? EXIT_CODES.done : EXIT_CODES.refused;
}

async function textsOf(
  { traffic, textField, seed, minutes, rate }: DrillFlags,
  config: () => SerinConfig,
  signal: AbortSignal,
): Promise<{ readonly texts: readonly string[]; readonly name: string }> {
  if (traffic !== undefined) return { texts: await sentencesOf(traffic, textField, signal), name: traffic };
  const sentences = stableSentences(config(), '--traffic FILE');
  const requests = Math.min(SAMPLE_REQUESTS, Math.ceil(minutes * 60 * rate));
  const texts = [...sampleTrace(sentences, { requests, exponent: 1, seed })];
  return {
    texts,
    name: `a sample trace of ${sentences.length} sentences (Zipf's law, exponent 1, seed ${seed})`,
  };
}

/** Said before the drill, not after it: a folder that cannot be written to. @throws StartError */
function reportWriter(folder: string): (report: DrillReport) => Promise<string> {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new StartError(`The report cannot be written to ${folder}: ${writeReason(error)}.`);
  }
  return async (report) => {
    const stamp = report.started_at.slice(0, 19).replaceAll(/[-:]/g, '');
    const name = `drill-${report.model_name}-${stamp}Z`;
    const path = join(folder, name);
    try {
      await replaceFile(`${path}.json`, jsonDocument(report), REPORT_MODE);
      await replaceFile(`${path}.svg`, renderDrillPlots(report), REPORT_MODE);
      await replaceFile(`${path}.md`, renderDrillMarkdown(report, `${name}.svg`), REPORT_MODE);
    } catch (error) {
      throw new StartError(`The report cannot be written to ${folder}: ${writeReason(error)}.`);
    }
    return `${path}.md`;
  };
}
