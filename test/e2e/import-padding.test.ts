import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ParityFile } from '../../src/engine/tokenization/parity.js';
import { maskAndTypesSwapped, maskIgnored, positionsFromTheRight } from '../support/padded-exports.js';
import { ROOT } from '../support/repository.js';
import { runCommand, type Finished } from '../support/run-command.js';
import { writeTinyExport, type ExportChanges } from '../support/tiny-export.js';

vi.setConfig({ testTimeout: 120_000 });

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-padding-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const imported = (changes: ExportChanges, version: string, ...args: string[]): Promise<Finished> => {
  writeTinyExport(join(folder, 'export'), changes);
  return runCommand(
    process.execPath,
    [MAIN, 'models', 'import', 'export', '--as', `tiny/${version}`, ...args],
    {
      cwd: folder,
      env: { MODEL_REGISTRY: join(folder, 'registry'), STATE_DIR: join(folder, 'var') },
    },
  );
};

describe('a graph in fp32 whose answers change with padding is refused, and the likely cause named', () => {
  it.each([
    [
      'mask and types swapped',
      maskAndTypesSwapped,
      /attention_mask and token_type_ids have changed places .* give torch\.onnx\.export input_names in the order/,
    ],
    [
      'a mask that is ignored',
      maskIgnored,
      /The graph ignores attention_mask: without it the answers are the same\./,
    ],
    [
      'positions from the right',
      positionsFromTheRight,
      /Positions are counted from the right: with padding on the left no answer changes\./,
    ],
  ])('%s', async (_, graph, cause) => {
    const { code, stdout, stderr } = await imported({ graph }, 'bad');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /\nserin: The answers change with the texts beside them: \d+ labels flip, and a score changes by up to 0\.\d+; /,
    );
    expect(stderr).toMatch(cause);
    expect(readdirSync(join(folder, 'registry'))).toEqual([]);
  });

  it('unless Python shows that single texts are answered rightly: then they run alone', async () => {
    // The version's own answers stand for those of Python: single texts know no padding.
    const own = await imported({ masked: false }, 'own', '--json');
    expect(own.code).toBe(0);
    const { folder: made } = JSON.parse(own.stdout) as { folder: string };
    const { items } = JSON.parse(readFileSync(join(made, 'parity.json'), 'utf8')) as ParityFile;
    writeFileSync(join(folder, 'python.json'), JSON.stringify({ items }));
    const { code, stdout } = await imported({ graph: maskIgnored }, 'alone', '--parity', 'python.json');
    expect(code).toBe(0);
    expect(stdout).toMatch(/of a score change with the texts beside it: it runs one text at a time/);
    expect(stdout).not.toMatch(/Warnings/);
  });
});
