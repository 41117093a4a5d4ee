import type { Command } from 'commander';
import { addSettingFlags } from './setting-flags.js';

const HELP = `
It takes the flags, variables and file that serve takes, looks, and changes
nothing: also beside a running service.

Exit codes
  0   nothing must be mended (there may be warnings)
  1   something must
  2   wrong usage
  70  a fault of ours`;

/** `serin doctor`: the problems of this machine, registry and configuration, with their remedies. */
export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .summary('tell what is wrong with this machine, registry and configuration, and what to do')
    .description(
      'Checks Node and libc, processors, memory, settings, port, Redis, state, and every version: its digests, its ' +
        'tokenizer, and, for those that would be loaded, its scores in a worker process.',
    )
    .option('--json', 'as one JSON document')
    .addHelpText('after', HELP);
  const readFlags = addSettingFlags(command);
  command.action(async (options: { readonly json?: true }) => {
    const { runDoctor } = await import('./doctor.js');
    await runDoctor(readFlags(), options);
  });
}
