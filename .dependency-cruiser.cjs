/**
 * Who may import whom. src has seven wings (docs/architecture.md), which build on one another in this order:
 *   base ← registry ← engine ← rollout ← {service, tools} ← cli
 * A wing imports what stands left of it, and itself. The rooms of a wing stand in an order too. No rule names a single
 * file as an exception. test/e2e/repository/import-rules.test.ts breaks each rule once.
 */
const NEST = 'node_modules/(@nestjs|@willsoto)/';

const WINGS = [['base'], ['registry'], ['engine'], ['rollout'], ['service', 'tools'], ['cli']];

/** Rooms of the service, a folder and a module each; those in one row do not import one another. */
const SERVICE = [
  ['request'],
  ['config'],
  ['observability'],
  ['redis'],
  ['http'],
  ['in-force'],
  ['model-registry'],
  ['tokenization'],
  ['inference', 'canary'],
  ['cache'],
  ['answers'],
  ['pipelines'],
  ['rollout'],
  ['feedback'],
  ['dialects'],
  ['predict', 'health', 'admin'],
];

const BASE = [['errors', 'charts', 'statistics', 'machine'], ['config', 'files', 'redis'], ['terminal']];

/** What runs in a worker process stands beside what runs in the main process: neither imports the other. */
const ENGINE = [['protocol'], ['tokenization'], ['tasks'], ['worker', 'pool'], ['dispatch']];

const ROLLOUT = [['evidence'], ['gates'], ['report']];

/** What several commands share, and then the commands, which do not know one another. */
const TOOLS = [
  ['records', 'client', 'onnx'],
  ['traffic', 'measure'],
  ['batch', 'bench', 'doctor', 'drift', 'evaluate', 'import', 'quantize', 'replay', 'rollout', 'tune'],
];

/** One rule for each room that may not import all others: it imports itself, and the rooms of earlier rows. */
const inOrder = (folder, rows) =>
  rows.flatMap((row, i) =>
    row
      .filter(() => i < rows.length - 1 || row.length > 1)
      .map((room) => {
        const allowed = [room, ...rows.slice(0, i).flat()];
        return {
          name: `order of ${folder}/${room}`,
          severity: 'error',
          comment: `${folder}/${room} may import of ${folder} only: ${allowed.join(', ')}`,
          from: { path: `^${folder}/${room}/` },
          // Files that stand in the folder itself are no room.
          to: { path: `^${folder}/[^/]+/`, pathNot: `^${folder}/(${allowed.join('|')})/` },
        };
      }),
  );

/** Rooms of the bench: those that measure stand in the last row, and know nothing of one another. */
const BENCH = [
  ...[['base'], ['corpus'], ['load'], ['service'], ['ceiling'], ['baseline'], ['report']],
  ['speed', 'chaos', 'cache', 'files', 'open-loop', 'quantize', 'rollout', 'overload'],
];

/** The test bench-import-rules.test.ts breaks each of these once. */
const BENCH_RULES = [
  ...inOrder('bench', BENCH),
  {
    name: 'bench/no-other-rooms',
    severity: 'error',
    comment: 'A new room gets its place in the order first.',
    from: { path: '^bench/[^/]+/', pathNot: `^bench/(${BENCH.flat().join('|')})/` },
    to: {},
  },
  {
    name: 'bench/no-imports-of-the-root',
    severity: 'error',
    comment: 'main.ts and what it reads its options with put the rooms together.',
    from: { path: '^bench/[^/]+/' },
    to: { path: '^bench/[^/]+$' },
  },
];

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-circular-folders', severity: 'error', scope: 'folder', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'A file that nobody imports and that imports nobody is dead.',
      from: { orphan: true, pathNot: '\\.d\\.ts$' },
      to: {},
    },
    { name: 'not-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'packages-are-declared',
      severity: 'error',
      comment: 'A package that only another package depends on may go, or change, without notice.',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      comment: 'They are not installed where the service runs.',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    ...inOrder('src', WINGS),
    ...inOrder('src/base', BASE),
    ...inOrder('src/engine', ENGINE),
    ...inOrder('src/rollout', ROLLOUT),
    ...inOrder('src/service', SERVICE),
    ...inOrder('src/tools', TOOLS),
    {
      name: 'only-the-command-line-starts-the-service',
      severity: 'error',
      comment: 'main, app.module, serve and shutdown put the service together: no wing below cli knows them.',
      from: { path: '^src/(base|registry|engine|rollout|service|tools)/' },
      to: { path: '^src/[^/]+$' },
    },
    {
      name: 'nothing-imports-the-bench',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^bench/' },
    },
    {
      name: 'workers-stand-alone',
      severity: 'error',
      comment: 'A worker process loads neither Nest, nor the configuration, nor the pool that it belongs to.',
      from: { path: '^src/engine/worker/entry\\.ts$' },
      to: { path: `(^src/base/config/|^src/engine/(pool|dispatch)/|${NEST})`, reachable: true },
    },
    {
      name: 'only-the-service-knows-nest',
      severity: 'error',
      comment:
        'What decides is apart from what is wired: it can be tested, and a command starts without a framework.',
      from: { path: '^src/(base|registry|engine|rollout|tools)/' },
      to: { path: NEST, reachable: true },
    },
    ...BENCH_RULES,
  ],
  options: {
    // The compiled bench, also as bench/run.mjs names it where it is not compiled yet.
    exclude: { path: '^(bench|\\.)/dist/' },
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
