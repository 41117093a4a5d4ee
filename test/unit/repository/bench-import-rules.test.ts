import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../../support/repository.js';

/** A room and another that it must not import, for each room. */
const ORDER: readonly (readonly [room: string, other: string])[] = [
  ['base', 'corpus'],
  ['corpus', 'load'],
  ['load', 'service'],
  ['service', 'ceiling'],
  ['ceiling', 'baseline'],
  ['baseline', 'report'],
  ['report', 'speed'],
  ['speed', 'chaos'],
  ['chaos', 'cache'],
  ['cache', 'files'],
  ['files', 'open-loop'],
  ['open-loop', 'quantize'],
  ['quantize', 'rollout'],
  ['rollout', 'speed'],
];

/** One file per rule that breaks it; each must be found, by its own rule. */
const VIOLATIONS: Record<string, { readonly file: string; readonly imports: string }> = {
  'bench/no-other-rooms': { file: 'bench/other/a.ts', imports: '../../src/tools/leaf.js' },
  'bench/no-imports-of-the-root': { file: 'bench/speed/b.ts', imports: '../main.js' },
  // The rule for all files holds for those of the bench.
  'no-circular': { file: 'bench/base/b.ts', imports: './c.js' },
};
for (const [room, other] of ORDER) {
  VIOLATIONS[`order of bench/${room}`] = { file: `bench/${room}/a.ts`, imports: `../${other}/leaf.js` };
}

const OF_BENCH = /^(order of )?bench\//;

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
  for (const [room] of ORDER) write(`bench/${room}/leaf.ts`, 'export const leaf = 1;\n');
  for (const { file, imports } of Object.values(VIOLATIONS)) write(file, `import '${imports}';\n`);
  write('bench/base/c.ts', "import './b.js';\n");
  write('bench/main.ts', "import './speed/leaf.js';\n");
  // Two files without a cycle, in folders that have one: bench/base/a.ts imports bench/corpus.
  write('bench/corpus/b.ts', "import '../base/leaf.js';\n");
  // What is allowed: shared rooms, and every wing of src.
  write('src/tools/leaf.ts', 'export const leaf = 1;\n');
  write('bench/speed/fine.ts', "import '../../src/tools/leaf.js';\nimport '../report/leaf.js';\n");
  write('bench/dist/bench/base/compiled.js', "import '../../../speed/leaf.js';\n");
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

it('every import rule of the bench catches what it forbids, and nothing else', async () => {
  const script = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [script, 'src', 'bench', '--output-type', 'json'];
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { cwd: folder }, (_, stdout) => {
      resolve(stdout);
    });
  });
  const { summary } = JSON.parse(output) as {
    summary: { violations: { from: string; rule: { name: string } }[] };
  };
  const found = summary.violations.map(({ from, rule }) => `${rule.name} ${from}`);
  const expected = Object.entries(VIOLATIONS).map(([rule, { file }]) => `${rule} ${file}`);
  expect(expected.filter((violation) => !found.includes(violation))).toEqual([]);
  expect(found).toContain('no-circular-folders bench/corpus');
  const ofBench = (violations: readonly string[]): string[] =>
    violations.filter((violation) => OF_BENCH.test(violation)).sort();
  expect(ofBench(found)).toEqual(ofBench(expected));

  const { forbidden } = (await import(join(ROOT, '.dependency-cruiser.cjs'))) as {
    forbidden: { name: string }[];
  };
  const rules = forbidden.map(({ name }) => name).filter((name) => OF_BENCH.test(name));
  expect(rules.filter((name) => !(name in VIOLATIONS))).toEqual([]);
});
