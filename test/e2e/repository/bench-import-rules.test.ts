import { afterAll, beforeAll, expect, it } from 'vitest';
import { importRules, ImportTree } from '../../support/import-tree.js';

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
  ['rollout', 'overload'],
  ['overload', 'speed'],
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

let tree: ImportTree;

beforeAll(() => {
  tree = new ImportTree();
  for (const [room] of ORDER) tree.write(`bench/${room}/leaf.ts`, 'export const leaf = 1;\n');
  for (const { file, imports } of Object.values(VIOLATIONS)) tree.write(file, `import '${imports}';\n`);
  tree.write('bench/base/c.ts', "import './b.js';\n");
  tree.write('bench/main.ts', "import './speed/leaf.js';\n");
  // Two files without a cycle, in folders that have one: bench/base/a.ts imports bench/corpus.
  tree.write('bench/corpus/b.ts', "import '../base/leaf.js';\n");
  // What is allowed: shared rooms, and every wing of src.
  tree.write('src/tools/leaf.ts', 'export const leaf = 1;\n');
  tree.write('bench/speed/fine.ts', "import '../../src/tools/leaf.js';\nimport '../report/leaf.js';\n");
  tree.write('bench/dist/bench/base/compiled.js', "import '../../../speed/leaf.js';\n");
});

afterAll(() => {
  tree.remove();
});

it('every import rule of the bench catches what it forbids, and nothing else', async () => {
  const found = await tree.violations();
  const expected = Object.entries(VIOLATIONS).map(([rule, { file }]) => `${rule} ${file}`);
  expect(expected.filter((violation) => !found.includes(violation))).toEqual([]);
  expect(found).toContain('no-circular-folders bench/corpus');
  const ofBench = (violations: readonly string[]): string[] =>
    violations.filter((violation) => OF_BENCH.test(violation)).sort();
  expect(ofBench(found)).toEqual(ofBench(expected));

  const rules = (await importRules()).filter((name) => OF_BENCH.test(name));
  expect(rules.filter((name) => !(name in VIOLATIONS))).toEqual([]);
});
