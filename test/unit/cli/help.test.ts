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

  it('names the variable beside --url', () => {
    for (const name of ['drift', 'replay', 'bench']) {
      const command = createProgram().commands.find((one) => one.name() === name);
      expect(command && helpOf(command)).toMatch(/--url .*SERIN_URL/s);
    }
  });
});
