import type { Command } from 'commander';
import { StartError } from '../base/errors/start-error.js';
import { openFilesLimit, openFilesProblem } from '../base/machine/open-files.js';
import { loadConfig } from '../base/config/load-config.js';
import { addSettingFlags } from './setting-flags.js';

/** `serin serve`: the service, until a signal ends it. */
export function addServeCommand(program: Command): void {
  const command = program.command('serve').description('serve the models of the registry over HTTP');
  const readFlags = addSettingFlags(command);
  command.action(async () => {
    const config = loadConfig({ flags: readFlags() });
    const problem = openFilesProblem(openFilesLimit());
    if (problem !== null) throw new StartError(problem);
    // Loaded late: `serin --help` and a wrong setting need neither Nest nor the model runtime.
    const { runService } = await import('../serve.js');
    await runService(config);
  });
}
