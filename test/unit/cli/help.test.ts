import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../../src/cli/program.js';
import { expectFits } from '../../support/narrow-screen.js';

const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];

const nameOf = (command: Command): string =>
  command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 80 });
  command.outputHelp();
  return text;
}

describe('the help', () => {
  it.each(all(createProgram()).map((command) => [nameOf(command), command] as const))(
    'of %s fits in 80 columns',
    (name, command) => {
      expect(expectFits(helpOf(command))).toContain(`Usage: ${name} `);
    },
  );

  it('of serve names one default for each flag, and the values where there are few', () => {
    const serve = createProgram().commands.find((one) => one.name() === 'serve');
    const help = (serve && helpOf(serve))?.replaceAll(/\s+/g, ' ');
    expect(help).toContain('are logged. (LOG_TEXT; default: false) --');
    expect(help).toMatch(/trace, debug, .* or silent\. \(LOG_LEVEL;/);
  });

  it('is named by the command that was used wrongly', async () => {
    let said = '';
    const program = createProgram();
    for (const command of all(program)) {
      command
        .exitOverride()
        .configureOutput({ outputError: () => undefined, writeErr: (part) => (said += part) });
    }
    await expect(program.parseAsync(['canary', 'set'], { from: 'user' })).rejects.toThrow('--percent');
    expect(said).toBe('(serin canary set --help says what is allowed)\n');
  });

  it('names the variable beside --url', () => {
    for (const name of ['drift', 'replay', 'bench']) {
      const command = createProgram().commands.find((one) => one.name() === name);
      expect(command && helpOf(command)).toMatch(/--url .*SERIN_URL/s);
    }
  });
});
