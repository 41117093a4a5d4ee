import type { Command } from 'commander';
import { addDrillCommand } from './canary-drill-command.js';
import { addAdminFlags, sharePercent } from './canary-flags.js';
import type { CanaryFlags } from './canary.js';
import { positiveNumber, wholeNumber } from './service-flags.js';

/** The moves that need no figures: name and description. */
const MOVES = [
  ['promote', 'make the canary the stable version, at once'],
  ['clear', 'forget what was rolled back; the canary stays at 0 % until a share is set'],
  ['pause', 'stop the ramp; the canary keeps its share, and gates may still roll it back'],
  ['resume', 'let the ramp go on'],
] as const;

function addChange(canary: Command, name: string, description: string): Command {
  return addAdminFlags(
    canary
      .command(name)
      .description(description)
      .argument('[model]', 'the model (default: the only one with a rollout)')
      .option('--reason <text>', 'kept with the move, and in the audit log')
      .option(
        '--revision <n>',
        'only if the rollout still has this revision',
        wholeNumber(0, Number.MAX_SAFE_INTEGER),
      ),
  );
}

/** `serin canary`: a running service's rollout, seen and moved from the command line. */
export function addCanaryCommand(program: Command): void {
  const canary = program.command('canary').description('see and move the rollout of a running service');

  addAdminFlags(
    canary
      .command('status')
      .description('both versions, the step, one row per gate, and who decides')
      .argument('[model]', 'the model (default: all)')
      .option('--flips', 'also texts that the two versions label differently')
      .option('--watch', 'again and again, until it is interrupted')
      .option('--every <seconds>', 'with --watch: how often', positiveNumber(3600), 2),
  ).action(async (model: string | undefined, flags: CanaryFlags) => {
    const { showStatus } = await import('./canary.js');
    await showStatus(model, flags);
  });

  addChange(canary, 'set', 'set the share of the canary')
    .requiredOption('--percent <n>', 'share of the traffic, 0 to 100', sharePercent)
    .option('--version <name>', 'another version as canary: a new rollout begins')
    .option('--force', 'take a version whose accuracy is not on record')
    .action(async (model: string | undefined, flags: CanaryFlags) => {
      const { setShare } = await import('./canary.js');
      await setShare(model, flags);
    });

  addChange(
    canary,
    'rollback',
    'take the canary to 0 % at once, and wait until none of its answers is under way',
  ).action(async (model: string | undefined, flags: CanaryFlags) => {
    const { rollBack } = await import('./canary.js');
    await rollBack(model, flags);
  });

  for (const [name, description] of MOVES) {
    addChange(canary, name, description).action(async (model: string | undefined, flags: CanaryFlags) => {
      const { move } = await import('./canary.js');
      await move(name, model, flags);
    });
  }

  addDrillCommand(canary);
}
