import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandNodes } from '../../src/cli/completion/command-tree.js';
import { createProgram } from '../../src/cli/program.js';
import { ROOT } from '../support/repository.js';
import { runCommand } from '../support/run-command.js';

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-completion-'));
  for (const version of ['sentiment/v1', 'sentiment/v2', 'tone/2026-09']) {
    mkdirSync(join(folder, 'model-registry', version), { recursive: true });
    writeFileSync(join(folder, 'model-registry', version, 'manifest.json'), '{}');
  }
  writeFileSync(join(folder, 'my reviews.jsonl'), '');
  mkdirSync(join(folder, 'my export'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What bash offers for the last of the words of each command line, by the script that the built command writes. */
async function offered(lines: readonly (readonly string[])[]): Promise<string[][]> {
  const quoted = (word: string): string => `'${word}'`;
  const asks = lines.map(
    (words) =>
      `COMP_WORDS=(serin ${words.map(quoted).join(' ')}); COMP_CWORD=${words.length}; _serin; (IFS=$'\\t'; echo "\${COMPREPLY[*]}")`,
  );
  const script = [`source <(${quoted(process.execPath)} ${quoted(MAIN)} completion bash)`, ...asks].join(
    '\n',
  );
  const { code, stdout, stderr } = await runCommand('bash', ['-c', script], { cwd: folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t').sort());
}

describe('completion in bash', () => {
  it('offers every command, and every flag of every command', async () => {
    const nodes = commandNodes(createProgram()).filter(({ path }) => path !== '' && !/\bhelp$/.test(path));
    const wordsOf = (path: string): string[] => path.split(' ').filter((word) => word !== '');
    const withCommands = commandNodes(createProgram()).filter(({ subcommands }) => subcommands.length > 0);
    const commands = await offered(withCommands.map(({ path }) => [...wordsOf(path), '']));
    expect(commands).toEqual(
      withCommands.map(({ subcommands }) => subcommands.map(({ name }) => name).sort()),
    );
    const flags = await offered(nodes.map(({ path }) => [...wordsOf(path), '-']));
    expect(flags).toEqual(nodes.map((node) => node.flags.flatMap(({ spellings }) => spellings).sort()));
  });

  it('offers what a flag or an argument takes', async () => {
    const lines = [
      ['mo'],
      ['batch', '--on-error', ''],
      ['batch', '--on-error', '=', 's'],
      ['batch', '--model', ''],
      ['batch', '--model', 'sentiment', '--version', ''],
      ['evaluate', ''],
      ['evaluate', 'tone/2026-09', '--against', ''],
      ['models', 'verify', 'sentiment/v1', 's'],
      ['models', 'import', 'my'],
      ['batch', '--top-k', '2', 'my'],
      ['batch', '--top-k', ''],
      ['completion', ''],
    ];
    expect(await offered(lines)).toEqual([
      ['models'],
      ['record', 'stop'],
      ['stop'],
      ['sentiment', 'tone'],
      ['v1', 'v2'],
      ['sentiment/v1', 'sentiment/v2', 'tone/2026-09'],
      ['2026-09'],
      ['sentiment/v1', 'sentiment/v2'],
      ['my export'],
      ['my export', 'my reviews.jsonl'],
      [''],
      ['bash', 'fish', 'zsh'],
    ]);
  });
});

describe('the scripts for other shells', () => {
  it.each([
    ['zsh', ['-n']],
    ['fish', ['--no-execute']],
  ])('%s can read its own, where it is installed', async (shell, flags) => {
    const { stdout, code } = await runCommand(process.execPath, [MAIN, 'completion', shell], { cwd: folder });
    expect(code).toBe(0);
    const file = join(folder, `serin.${shell}`);
    writeFileSync(file, stdout);
    const found = await runCommand('sh', ['-c', `command -v ${shell}`], { cwd: folder });
    if (found.code !== 0) return;
    expect(await runCommand(shell, [...flags, file], { cwd: folder })).toMatchObject({ code: 0, stderr: '' });
  });
});
