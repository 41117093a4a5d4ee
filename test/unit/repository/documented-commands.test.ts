import { existsSync } from 'node:fs';
import { CommanderError, type Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../../src/cli/program.js';
import { commandsOf, PAGES, wordsOf } from '../../support/documented-commands.js';
import { ROOT } from '../../support/repository.js';

const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];

/** What commander says against the command; null when it would run. */
function problemOf(words: readonly string[]): string | null {
  const program = createProgram();
  for (const command of all(program)) {
    command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
    if (command.commands.length === 0) command.action(() => undefined);
  }
  try {
    program.parse(words, { from: 'user' });
    return null;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const isAnswer = error.code === 'commander.helpDisplayed' || error.code === 'commander.version';
    return isAnswer ? null : error.message;
  }
}

const documented = PAGES.flatMap(commandsOf);

describe('a command of the documentation', () => {
  it('is found on the pages', () => {
    expect(documented.length).toBeGreaterThan(40);
    expect(new Set(documented.map(({ page }) => page)).size).toBeGreaterThan(8);
  });

  it.each(documented.map((one) => [`${one.page}:${String(one.line)}: serin ${one.text}`, one] as const))(
    'is one that the program takes: %s',
    (_, { text }) => {
      expect(problemOf(wordsOf(text))).toBeNull();
    },
  );

  it.each(documented.filter(({ text }) => text.includes('examples/')))(
    'names an example that is there: $page:$line',
    ({ text }) => {
      for (const word of wordsOf(text))
        if (word.startsWith('examples/')) expect(existsSync(`${ROOT}${word}`)).toBe(true);
    },
  );
});
