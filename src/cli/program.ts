import { readFileSync } from 'node:fs';
import { styleText } from 'node:util';
import { Command } from 'commander';
import { screenOf } from '../base/terminal/screen.js';
import { wrapText } from '../base/terminal/wrap.js';
import { addBatchCommand } from './batch-command.js';
import { addBenchCommand } from './bench-command.js';
import { addCanaryCommand } from './canary-command.js';
import { addDoctorCommand } from './doctor-command.js';
import { addDriftCommand } from './drift-command.js';
import { addEvaluateCommand } from './evaluate-command.js';
import { addModelsCommand } from './models-command.js';
import { addQuantizeCommand } from './quantize-command.js';
import { addReplayCommand } from './replay-command.js';
import { addServeCommand } from './serve-command.js';
import { addTuneCommand } from './tune-command.js';
import { addCompletionCommand } from './completion-command.js';

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Every command of `serin`, with its flags. */
export function createProgram(): Command {
  const program = new Command('serin')
    .description('Serves versioned text classifiers on plain CPUs.')
    .version(packageVersion())
    .exitOverride()
    .configureHelp({
      // Commander takes the colours out again where there are none.
      styleTitle: (title) => styleText('bold', title, { validateStream: false }),
    })
    .configureOutput({
      outputError: (message, write) => {
        write(wrapText(message, screenOf(process.stderr), 2));
      },
    })
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
  addCompletionCommand(program);
  return program;
}
