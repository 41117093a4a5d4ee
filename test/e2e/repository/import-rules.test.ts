import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../../support/repository.js';

/** One file per rule that breaks it; each must be found, by its own rule. */
const VIOLATIONS: Record<string, { readonly file: string; readonly imports: string }> = {
  'errors-imports-only': { file: 'src/errors/a.ts', imports: '../config/leaf.js' },
  'config-imports-only': { file: 'src/config/a.ts', imports: '../predict/leaf.js' },
  'observability-imports-only': { file: 'src/observability/a.ts', imports: '../health/leaf.js' },
  'redis-imports-only': { file: 'src/redis/a.ts', imports: '../predict/leaf.js' },
  'onnx-imports-only': { file: 'src/onnx/a.ts', imports: '../config/leaf.js' },
  'access-imports-only': { file: 'src/access/a.ts', imports: '../predict/leaf.js' },
  'tokenization-imports-only': { file: 'src/tokenization/a.ts', imports: '../inference/leaf.js' },
  'model-registry-imports-only': { file: 'src/model-registry/a.ts', imports: '../inference/leaf.js' },
  'inference-imports-only': { file: 'src/inference/a.ts', imports: '../predict/leaf.js' },
  'cache-imports-only': { file: 'src/cache/a.ts', imports: '../predict/leaf.js' },
  'canary-imports-only': { file: 'src/canary/a.ts', imports: '../inference/leaf.js' },
  'feedback-imports-only': { file: 'src/feedback/a.ts', imports: '../predict/leaf.js' },
  'predict-imports-only': { file: 'src/predict/a.ts', imports: '../health/leaf.js' },
  'client-imports-only': { file: 'src/client/a.ts', imports: '../config/leaf.js' },
  'charts-imports-only': { file: 'src/charts/a.ts', imports: '../config/leaf.js' },
  'rollout-control-imports-only': { file: 'src/rollout-control/a.ts', imports: '../inference/leaf.js' },
  'replay-imports-only': { file: 'src/replay/a.ts', imports: '../predict/leaf.js' },
  'drift-imports-only': { file: 'src/drift/a.ts', imports: '../health/leaf.js' },
  'evaluate-imports-only': { file: 'src/evaluate/a.ts', imports: '../predict/leaf.js' },
  'files-imports-only': { file: 'src/files/a.ts', imports: '../predict/leaf.js' },
  'files-know-no-nest': { file: 'src/files/b.ts', imports: '@nestjs/common' },
  'model-import-imports-only': { file: 'src/model-import/a.ts', imports: '../predict/leaf.js' },
  'doctor-imports-only': { file: 'src/doctor/a.ts', imports: '../predict/leaf.js' },
  'tune-imports-only': { file: 'src/tune/a.ts', imports: '../predict/leaf.js' },
  'tune-knows-no-nest': { file: 'src/tune/b.ts', imports: '@nestjs/common' },
  'bench-imports-only': { file: 'src/bench/a.ts', imports: '../inference/leaf.js' },
  'quantize-imports-only': { file: 'src/quantize/a.ts', imports: '../health/leaf.js' },
  'quantize-knows-no-nest': { file: 'src/quantize/b.ts', imports: '@nestjs/common' },
  'health-imports-only': { file: 'src/health/a.ts', imports: '../predict/leaf.js' },
  'admin-imports-only': { file: 'src/admin/a.ts', imports: '../health/leaf.js' },
  'nobody-imports-the-command-line': { file: 'src/app.module.ts', imports: './cli/leaf.js' },
  'workers-stand-alone': { file: 'src/inference/worker/entry.ts', imports: '../../observability/leaf.js' },
  'pool-knows-no-nest': { file: 'src/inference/worker/worker-pool.ts', imports: '@nestjs/common' },
  'pure-files-import-no-nest': { file: 'src/inference/scheduler.ts', imports: '@nestjs/common' },
  'packages-are-declared': { file: 'src/health/c.ts', imports: 'body-parser' },
  'no-development-packages': { file: 'src/health/d.ts', imports: 'vitest' },
  'not-unresolvable': { file: 'src/health/b.ts', imports: './none.js' },
  'no-circular': { file: 'src/access/b.ts', imports: './c.js' },
};
const LEAVES = ['cli', 'config', 'health', 'inference', 'observability', 'predict'];

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
  for (const room of LEAVES) write(`src/${room}/leaf.ts`, 'export const leaf = 1;\n');
  for (const { file, imports } of Object.values(VIOLATIONS)) write(file, `import '${imports}';\n`);
  write('src/access/c.ts', "import './b.js';\n");
  write('src/errors/orphan.ts', 'export const alone = 1;\n');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

it('every import rule catches what it forbids', async () => {
  const script = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [script, 'src', '--output-type', 'json'], { cwd: folder }, (_, stdout) => {
      resolve(stdout);
    });
  });
  const { summary } = JSON.parse(output) as {
    summary: { violations: { from: string; rule: { name: string } }[] };
  };
  const found = new Set(summary.violations.map(({ from, rule }) => `${rule.name} ${from}`));
  const expected = Object.entries(VIOLATIONS).map(([rule, { file }]) => `${rule} ${file}`);
  expect(expected.filter((violation) => !found.has(violation))).toEqual([]);
  expect(found).toContain('no-orphans src/errors/orphan.ts');

  const { forbidden } = (await import(join(ROOT, '.dependency-cruiser.cjs'))) as {
    forbidden: { name: string }[];
  };
  const broken = new Set([...Object.keys(VIOLATIONS), 'no-orphans']);
  expect(forbidden.map(({ name }) => name).filter((name) => !broken.has(name))).toEqual([]);
});
