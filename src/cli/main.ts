import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { surviveBrokenPipes } from '../base/broken-pipes.js';
import { ConfigError } from '../base/config/config-error.js';
import { StartError } from '../base/errors/start-error.js';
import { fileProblem } from '../base/files/write-error.js';
import { OnnxError } from '../tools/onnx/onnx-error.js';
import { addBatchCommand } from './batch-command.js';
import { addBenchCommand } from './bench-command.js';
import { addCanaryCommand } from './canary-command.js';
import { addDoctorCommand } from './doctor-command.js';
import { addDriftCommand } from './drift-command.js';
import { addEvaluateCommand } from './evaluate-command.js';
import { EXIT_CODES, type ExitCode } from './exit-codes.js';
import { addModelsCommand } from './models-command.js';
import { addQuantizeCommand } from './quantize-command.js';
import { addReplayCommand } from './replay-command.js';
import { addServeCommand } from './serve-command.js';
import { addTuneCommand } from './tune-command.js';

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function createProgram(): Command {
  const program = new Command('serin')
    .description('Serves versioned text classifiers on plain CPUs.')
    .version(packageVersion())
    .exitOverride()
    // A command's own --version names a version of a model.
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError('(serin --help and serin <command> --help say what is allowed)');
  addServeCommand(program);
  addModelsCommand(program);
  addBatchCommand(program);
  addDriftCommand(program);
  addEvaluateCommand(program);
  addReplayCommand(program);
  addQuantizeCommand(program);
  addCanaryCommand(program);
  addDoctorCommand(program);
  addTuneCommand(program);
  addBenchCommand(program);
  return program;
}

/** The exit code of what a command threw; its message goes to stderr unless commander has written it already. */
function report(error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    const isAnswer = error.code === 'commander.helpDisplayed' || error.code === 'commander.version';
    return isAnswer ? EXIT_CODES.done : EXIT_CODES.usage;
  }
  if (error instanceof ConfigError || error instanceof StartError || error instanceof OnnxError) {
    process.stderr.write(`serin: ${error.message}\n`);
    return EXIT_CODES.usage;
  }
  const problem = fileProblem(error);
  if (problem !== null) {
    process.stderr.write(`serin: ${problem}\n`);
    return EXIT_CODES.usage;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`serin: a fault of ours, please report it: ${detail}\n`);
  return EXIT_CODES.fault;
}

surviveBrokenPipes();
try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
