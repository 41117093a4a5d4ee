import type { Command } from 'commander';
import { loadConfig } from '../base/config/load-config.js';
import { EXIT_CODES } from './exit-codes.js';
import { addUrlFlag, interruptionSignal, numberBetween, readApiKey, wholeNumber } from './service-flags.js';
import { addSettingFlags, WORKER_SETTINGS } from './setting-flags.js';
import { printResult, say, startingOverWhenInterrupted } from './output.js';

interface DriftFlags {
  readonly url: string;
  readonly sample: number;
  readonly model?: string;
  readonly version?: string;
  readonly textField: string;
  readonly tolerance: number;
  readonly apiKeyFile?: string;
  readonly showText?: true;
  readonly json?: true;
}

const EXIT_CODE_HELP = `
The same texts are always sampled from the same file: the distinct ones with the
smallest sha256, whatever their order.

Exit codes
  0   no difference
  1   some text differs, or one path could not answer it
  2   unusable input, or no service
  3   interrupted`;

/** `serin drift`: whether the running service and the file path say the same about the same texts. */
export function addDriftCommand(program: Command): void {
  const command = addUrlFlag(
    program
      .command('drift')
      .description(
        'send a sample of a traffic file to the running service and through the file path, and compare',
      )
      .argument('<traffic>', 'JSONL file (also .gz) with one object per line; - for stdin'),
  )
    .option('--sample <n>', 'how many distinct texts to compare at most', wholeNumber(1, 1_000_000), 1000)
    .option('--model <name>', "the model (default: the service's default model)")
    .option('--version <name>', "the version, named in every request (default: the service's stable one)")
    .option('--text-field <name>', 'key of the text in each object', 'text')
    .option('--tolerance <x>', 'most that two scores may differ', numberBetween(0, 1), 1e-5)
    .option('--api-key-file <file>', 'a file that holds the API key, where the service wants one')
    .option('--show-text', 'show the texts that differ, not only their line, hash and length')
    .option('--json', 'as one JSON document')
    .addHelpText('after', EXIT_CODE_HELP);
  const settings = addSettingFlags(command, ['MODEL_REGISTRY', ...WORKER_SETTINGS, 'SERIN_CONFIG']);
  command.action(async (input: string, flags: DriftFlags) => {
    const config = loadConfig({ flags: settings() });
    const signal = interruptionSignal();
    const [{ measureDrift }, { renderReport }] = await Promise.all([
      import('../tools/drift/drift.js'),
      import('../tools/drift/render-drift.js'),
    ]);
    await startingOverWhenInterrupted(signal, async () => {
      const report = await measureDrift({
        input,
        url: flags.url,
        apiKey: readApiKey(flags.apiKeyFile),
        sample: flags.sample,
        model: flags.model,
        version: flags.version,
        textField: flags.textField,
        tolerance: flags.tolerance,
        showText: flags.showText ?? false,
        modelRegistry: config.modelRegistry,
        settings: config,
        signal,
        say,
      });
      printResult(report, flags, renderReport);
      if (report.different > 0) process.exitCode = EXIT_CODES.refused;
    });
  });
}
