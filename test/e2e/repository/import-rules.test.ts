import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../../support/repository.js';

interface Violation {
  readonly file: string;
  readonly imports: string;
}

/** A room and another that it must not import. One of each row for each room that must not import all others. */
const ORDERS: Record<string, readonly (readonly [room: string, other: string])[]> = {
  src: [
    ['base', 'registry'],
    ['registry', 'engine'],
    ['engine', 'rollout'],
    ['rollout', 'service'],
    ['service', 'tools'],
    ['tools', 'service'],
  ],
  'src/base': [
    ['errors', 'config'],
    ['charts', 'config'],
    ['statistics', 'config'],
    ['machine', 'config'],
    ['config', 'files'],
    ['files', 'redis'],
    ['redis', 'config'],
  ],
  'src/engine': [
    ['protocol', 'tokenization'],
    ['tasks', 'worker'],
    ['tokenization', 'tasks'],
    ['worker', 'pool'],
    ['pool', 'worker'],
  ],
  'src/rollout': [
    ['evidence', 'gates'],
    ['gates', 'report'],
  ],
  'src/service': [
    ['request', 'config'],
    ['config', 'observability'],
    ['observability', 'redis'],
    ['redis', 'http'],
    ['http', 'in-force'],
    ['in-force', 'model-registry'],
    ['model-registry', 'tokenization'],
    ['tokenization', 'inference'],
    ['inference', 'canary'],
    ['canary', 'inference'],
    ['cache', 'answers'],
    ['answers', 'pipelines'],
    ['pipelines', 'rollout'],
    ['rollout', 'feedback'],
    ['feedback', 'dialects'],
    ['dialects', 'predict'],
    ['predict', 'health'],
    ['health', 'admin'],
    ['admin', 'predict'],
  ],
  'src/tools': [
    ['records', 'client'],
    ['client', 'onnx'],
    ['onnx', 'records'],
    ['traffic', 'measure'],
    ['measure', 'traffic'],
    ['batch', 'bench'],
    ['bench', 'batch'],
    ['doctor', 'drift'],
    ['drift', 'doctor'],
    ['evaluate', 'import'],
    ['import', 'evaluate'],
    ['quantize', 'import'],
    ['replay', 'rollout'],
    ['rollout', 'replay'],
    ['tune', 'replay'],
  ],
};

/** One file per rule that breaks it; each must be found, by its own rule. */
const VIOLATIONS: Record<string, Violation> = {
  'only-the-command-line-starts-the-service': { file: 'src/service/c.ts', imports: '../serve.js' },
  'nothing-imports-the-bench': { file: 'src/service/d.ts', imports: '../../bench/leaf.js' },
  'workers-stand-alone': { file: 'src/engine/worker/entry.ts', imports: '../../base/config/leaf.js' },
  'only-the-service-knows-nest': { file: 'src/registry/b.ts', imports: '@nestjs/common' },
  'packages-are-declared': { file: 'src/cli/c.ts', imports: 'body-parser' },
  'no-development-packages': { file: 'src/cli/d.ts', imports: 'vitest' },
  'not-unresolvable': { file: 'src/cli/b.ts', imports: './none.js' },
  'no-circular': { file: 'src/cli/e.ts', imports: './f.js' },
};
for (const [folder, pairs] of Object.entries(ORDERS)) {
  for (const [room, other] of pairs) {
    VIOLATIONS[`order of ${folder}/${room}`] = {
      file: `${folder}/${room}/a.ts`,
      imports: `../${other}/leaf.js`,
    };
  }
}

let folder: string;

const write = (path: string, content: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-imports-'));
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json']) {
    cpSync(join(ROOT, file), join(folder, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const [parent, pairs] of Object.entries(ORDERS)) {
    for (const room of pairs.flat()) write(`${parent}/${room}/leaf.ts`, 'export const leaf = 1;\n');
  }
  for (const path of ['src/serve.ts', 'bench/leaf.ts']) write(path, 'export const leaf = 1;\n');
  for (const { file, imports } of Object.values(VIOLATIONS)) write(file, `import '${imports}';\n`);
  write('src/cli/f.ts', "import './e.js';\n");
  write('src/base/errors/orphan.ts', 'export const alone = 1;\n');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

it('every import rule catches what it forbids', async () => {
  const script = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const output = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      [script, 'src', 'bench', '--output-type', 'json'],
      { cwd: folder },
      (_, stdout) => {
        resolve(stdout);
      },
    );
  });
  const { summary } = JSON.parse(output) as {
    summary: { violations: { from: string; rule: { name: string } }[] };
  };
  const found = new Set(summary.violations.map(({ from, rule }) => `${rule.name} ${from}`));
  const expected = Object.entries(VIOLATIONS).map(([rule, { file }]) => `${rule} ${file}`);
  expect(expected.filter((violation) => !found.has(violation))).toEqual([]);
  expect(found).toContain('no-orphans src/base/errors/orphan.ts');
  expect(found).toContain('no-circular-folders src/service/canary');

  const { forbidden } = (await import(join(ROOT, '.dependency-cruiser.cjs'))) as {
    forbidden: { name: string }[];
  };
  const broken = new Set([...Object.keys(VIOLATIONS), 'no-orphans', 'no-circular-folders']);
  // bench-import-rules.test.ts breaks those of the bench.
  const rules = forbidden.map(({ name }) => name).filter((name) => !/^(order of )?bench\//.test(name));
  expect(rules.filter((name) => !broken.has(name))).toEqual([]);
});
