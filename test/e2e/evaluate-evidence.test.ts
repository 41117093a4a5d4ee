import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../support/repository.js';
import { runCommand } from '../support/run-command.js';
import { REGISTRY } from './pool-harness.js';

interface Golden {
  readonly text: string;
  readonly group: string;
  readonly label: string;
}

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');

it('serin evaluate accepts nothing on two texts, however often they come, and says what would help', async () => {
  const { items } = JSON.parse(readFileSync(join(REGISTRY, 'sentiment/v1/parity.json'), 'utf8')) as {
    items: readonly Golden[];
  };
  const two = ['NEGATIVE', 'POSITIVE'].map((wanted) =>
    items.find(({ group, label }) => group === 'dev' && label === wanted),
  );
  const folder = mkdtempSync(join(tmpdir(), 'serin-evidence-'));
  try {
    const file = join(folder, 'two.jsonl');
    writeFileSync(file, Array.from({ length: 250 }, (_, i) => JSON.stringify(two[i % 2])).join('\n'));
    const args = ['evaluate', 'sentiment/v2', '--against', 'v1', '--data', file];
    const env = { MODEL_REGISTRY: REGISTRY, WORKERS: '1' };
    const { code, stdout, stderr } = await runCommand(process.execPath, [MAIN, ...args], { cwd: ROOT, env });
    expect(stderr).toMatch(
      /is refused: 2 distinct texts; at least 200 are demanded \(take more texts, or accept it as it is with --force\)\n$/,
    );
    expect(stdout).toContain('**Refused.**\n\n- texts: **NO**: 2 distinct texts');
    expect(code).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);
