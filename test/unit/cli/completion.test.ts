import { describe, expect, it } from 'vitest';
import { bashScript } from '../../../src/cli/completion/bash-script.js';
import { commandNodes } from '../../../src/cli/completion/command-tree.js';
import { fishScript } from '../../../src/cli/completion/fish-script.js';
import { zshScript } from '../../../src/cli/completion/zsh-script.js';
import { createProgram } from '../../../src/cli/program.js';

const NODES = commandNodes(createProgram());

function nodeAt(path: string) {
  const node = NODES.find((one) => one.path === path);
  if (node === undefined) throw new Error(`no ${path}`);
  return node;
}

const valueOf = (path: string, spelling: string) =>
  nodeAt(path).flags.find(({ spellings }) => spellings.includes(spelling))?.value;

describe('what can be completed', () => {
  it('are the commands that there are, and those of commands', () => {
    const paths = NODES.map(({ path }) => path);
    for (const path of ['', 'serve', 'models', 'models import', 'canary drill', 'completion']) {
      expect(paths).toContain(path);
    }
    expect(nodeAt('models').subcommands.map(({ name }) => name)).toContain('golden-texts');
  });

  it.each([
    ['batch', '--on-error', { kind: 'words', words: ['record', 'stop'] }],
    ['batch', '--model', { kind: 'models', words: [] }],
    ['batch', '--version', { kind: 'versions', words: [] }],
    ['batch', '--top-k', { kind: 'other', words: [] }],
    ['batch', '--model-registry', { kind: 'files', words: [] }],
    ['batch', '--resume', null],
    ['bench', '--against', { kind: 'files', words: [] }],
    ['bench', '--model-version', { kind: 'versions', words: [] }],
    ['bench', '--out', { kind: 'folders', words: [] }],
    ['evaluate', '--against', { kind: 'versions', words: [] }],
    ['serve', '--log-text', { kind: 'words', words: ['true', 'false'] }],
    ['', '--version', null],
  ])('behind serin %s %s is %j', (path, spelling, value) => {
    expect(valueOf(path, spelling)).toEqual(value);
  });

  it.each([
    ['evaluate', ['names']],
    ['models verify', ['names']],
    ['models import', ['folders']],
    ['canary status', ['models']],
    ['batch', ['files', 'files']],
    ['completion', ['words']],
  ])('as the arguments of %s are %j', (path, kinds) => {
    expect(nodeAt(path).values.map(({ kind }) => kind)).toEqual(kinds);
  });
});

describe.each([
  ['bash', bashScript, (spelling: string) => spelling],
  ['zsh', zshScript, (spelling: string) => spelling],
  ['fish', fishScript, (spelling: string) => spelling.replace(/^--?/, '')],
])('the script for %s', (_, script, written) => {
  const text = script(NODES);
  it('has every command and every flag', () => {
    for (const { subcommands, flags } of NODES) {
      for (const { name } of subcommands) expect(text).toContain(name);
      for (const spelling of flags.flatMap(({ spellings }) => spellings))
        expect(text).toContain(written(spelling));
    }
  });

  it('quotes what a summary has in it', () => {
    const node = {
      path: '',
      subcommands: [{ name: 'x', summary: "it's: $(no) \\ `no`" }],
      flags: [],
      values: [],
      isVariadic: false,
    };
    const quotes = script([node])
      .split('\n')
      .filter((line) => line.includes('$(no)'));
    for (const line of quotes) expect(line).toMatch(/'[^']*it(\\'|'\\'')s/);
  });
});
