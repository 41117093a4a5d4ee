import { afterAll, beforeAll, expect, it } from 'vitest';
import { importRules, ImportTree } from '../../support/import-tree.js';

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

let tree: ImportTree;

beforeAll(() => {
  tree = new ImportTree();
  for (const [parent, pairs] of Object.entries(ORDERS)) {
    for (const room of pairs.flat()) tree.write(`${parent}/${room}/leaf.ts`, 'export const leaf = 1;\n');
  }
  for (const path of ['src/serve.ts', 'bench/leaf.ts']) tree.write(path, 'export const leaf = 1;\n');
  for (const { file, imports } of Object.values(VIOLATIONS)) tree.write(file, `import '${imports}';\n`);
  tree.write('src/cli/f.ts', "import './e.js';\n");
  tree.write('src/base/errors/orphan.ts', 'export const alone = 1;\n');
});

afterAll(() => {
  tree.remove();
});

it('every import rule catches what it forbids', async () => {
  const found = new Set(await tree.violations());
  const expected = Object.entries(VIOLATIONS).map(([rule, { file }]) => `${rule} ${file}`);
  expect(expected.filter((violation) => !found.has(violation))).toEqual([]);
  expect(found).toContain('no-orphans src/base/errors/orphan.ts');
  expect(found).toContain('no-circular-folders src/service/canary');

  const broken = new Set([...Object.keys(VIOLATIONS), 'no-orphans', 'no-circular-folders']);
  // bench-import-rules.test.ts breaks those of the bench.
  const rules = (await importRules()).filter((name) => !/^(order of )?bench\//.test(name));
  expect(rules.filter((name) => !broken.has(name))).toEqual([]);
});
