import { CommanderError } from 'commander';
import { surviveBrokenPipes } from '../base/broken-pipes.js';
import { ConfigError } from '../base/config/config-error.js';
import { StartError } from '../base/errors/start-error.js';
import { fileProblem } from '../base/files/write-error.js';
import { OnnxError } from '../tools/onnx/onnx-error.js';
import { EXIT_CODES, type ExitCode } from './exit-codes.js';
import { say } from './output.js';
import { createProgram } from './program.js';

/** The exit code of what a command threw; its message goes to stderr unless commander has written it already. */
function report(error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    const isAnswer = error.code === 'commander.helpDisplayed' || error.code === 'commander.version';
    return isAnswer ? EXIT_CODES.done : EXIT_CODES.usage;
  }
  if (error instanceof ConfigError || error instanceof StartError || error instanceof OnnxError) {
    say(error.message);
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
