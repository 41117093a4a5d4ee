/**
 * Who may import whom. The request path points one way:
 *   predict → {cache, canary, inference} → model-registry → {config, errors, observability}
 * and what runs in a worker process, or is called pure, knows no Nest. test/e2e/repository/import-rules.test.ts
 * breaks each rule once.
 */
const leaves = ['config', 'errors', 'observability'];

const only = (from, allowed) => ({
  name: `${from}-imports-only`,
  severity: 'error',
  comment: `${from} may import only: ${allowed.join(', ') || 'nothing of ours'}`,
  from: { path: `^src/${from}/` },
  to: { path: '^src/', pathNot: `^src/(${[from, ...allowed].join('|')})/` },
});

const NEST = 'node_modules/(@nestjs|@willsoto)/';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
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
    only('errors', []),
    only('config', ['errors']),
    only('observability', ['config', 'errors']),
    only('redis', leaves),
    only('onnx', []),
    only('access', ['redis', ...leaves]),
    only('tokenization', ['model-registry', ...leaves]),
    only('model-registry', leaves),
    only('inference', ['model-registry', 'tokenization', ...leaves]),
    {
      name: 'canary-imports-only',
      severity: 'error',
      comment:
        'canary keeps its state with the lock that the outputs of files are kept with, and imports nothing else of theirs.',
      from: { path: '^src/canary/' },
      to: {
        path: '^src/',
        pathNot: `^src/(canary|charts|model-registry|redis|${leaves.join('|')})/|^src/files/output-lock\\.ts$`,
      },
    },
    only('cache', ['inference', 'model-registry', 'redis', ...leaves]),
    only('feedback', ['canary', 'model-registry', ...leaves]),
    only('predict', [
      'cache',
      'canary',
      'feedback',
      'inference',
      'model-registry',
      'tokenization',
      ...leaves,
    ]),
    {
      name: 'files-imports-only',
      severity: 'error',
      comment: 'files shares with the service what a text, an answer and a worker are, and nothing of HTTP.',
      from: { path: '^src/files/' },
      to: {
        path: '^src/',
        pathNot: `^src/(files|inference/worker|tokenization|model-registry|${leaves.join('|')})/|^src/(inference/version-spec|predict/text|predict/text-answer)\\.ts$`,
      },
    },
    {
      name: 'files-know-no-nest',
      severity: 'error',
      comment: 'A file is scored without the framework: it would cost a second of start and 50 MB.',
      from: { path: '^src/files/' },
      to: { path: NEST, reachable: true },
    },
    only('charts', []),
    only('client', ['errors']),
    only('replay', ['cache', 'charts', 'client', 'errors', 'tokenization']),
    {
      name: 'rollout-control-imports-only',
      severity: 'error',
      comment:
        'rollout-control knows a rollout as /admin tells it: of canary it takes types and what renders figures, nothing that runs one.',
      from: { path: '^src/rollout-control/' },
      to: {
        path: '^src/',
        pathNot:
          '^src/(rollout-control|charts|client|errors|replay)/|^src/canary/(report/(series|move-line|render-[a-z]+)|rollout-types|figures-view|gates/types)\\.ts$',
      },
    },
    only('drift', ['client', 'files', 'inference', 'model-registry', 'predict', 'tokenization', ...leaves]),
    {
      name: 'quantize-imports-only',
      severity: 'error',
      comment:
        'quantize runs versions as files does, measures batch variance as evaluate does, and replaces what model-import would.',
      from: { path: '^src/quantize/' },
      to: {
        path: '^src/',
        pathNot: `^src/(quantize|onnx|files|inference|model-registry|tokenization|${leaves.join('|')})/|^src/predict/(text|text-answer)\\.ts$|^src/evaluate/(batch-variance|labelled-data|labelled-rows|run-groups|spread)\\.ts$|^src/model-import/version-use\\.ts$`,
      },
    },
    {
      name: 'quantize-knows-no-nest',
      severity: 'error',
      from: { path: '^src/quantize/' },
      to: { path: NEST, reachable: true },
    },
    {
      name: 'evaluate-imports-only',
      severity: 'error',
      comment: 'evaluate runs versions as files does; of replay it takes what writes figures and draws lots.',
      from: { path: '^src/evaluate/' },
      to: {
        path: '^src/',
        pathNot: `^src/(evaluate|charts|files|inference|model-registry|tokenization|${leaves.join('|')})/|^src/predict/(text|text-answer)\\.ts$|^src/replay/(format|seeded-random)\\.ts$`,
      },
    },
    {
      name: 'model-import-imports-only',
      severity: 'error',
      comment:
        'model-import runs a version as files does and measures it as evaluate does; of canary it reads which versions a rollout needs.',
      from: { path: '^src/model-import/' },
      to: {
        path: '^src/',
        pathNot: `^src/(model-import|evaluate|files|inference|model-registry|onnx|tokenization|${leaves.join('|')})/|^src/predict/text-answer\\.ts$|^src/canary/(rollout-document|sealed-file)\\.ts$`,
      },
    },
    only('doctor', [
      'canary',
      'files',
      'health',
      'inference',
      'model-registry',
      'redis',
      'tokenization',
      ...leaves,
    ]),
    {
      name: 'tune-imports-only',
      severity: 'error',
      comment: 'tune runs the scheduler and the workers of the service, and nothing of HTTP.',
      from: { path: '^src/tune/' },
      to: {
        path: '^src/',
        pathNot: `^src/(tune|charts|inference|model-registry|replay|tokenization|${leaves.join('|')})/|^src/(canary/replace-file|doctor/processors)\\.ts$`,
      },
    },
    {
      name: 'tune-knows-no-nest',
      severity: 'error',
      comment: 'What is measured is the pool, not a framework beside it.',
      from: { path: '^src/tune/' },
      to: { path: NEST, reachable: true },
    },
    {
      name: 'bench-imports-only',
      severity: 'error',
      comment: 'bench knows a service as HTTP tells it, also the one that it starts itself.',
      from: { path: '^src/bench/' },
      to: {
        path: '^src/',
        pathNot: '^src/(bench|charts|client|errors|replay)/|^src/files/run-facts\\.ts$',
      },
    },
    only('health', ['model-registry', 'inference', 'tokenization', 'canary', ...leaves]),
    only('admin', ['cache', 'canary', 'inference', 'model-registry', 'predict', ...leaves]),
    {
      name: 'nobody-imports-the-command-line',
      severity: 'error',
      from: { pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'workers-stand-alone',
      severity: 'error',
      comment:
        'A worker process loads its own folder, the tokenizer, the error codes and the manifest; no Nest.',
      from: { path: '^src/inference/worker/entry\\.ts$' },
      to: {
        path: `(^src/|${NEST})`,
        pathNot:
          '^src/(inference/worker|tokenization|errors)/|^src/model-registry/(manifest|verified-file)\\.ts$',
        reachable: true,
      },
    },
    {
      name: 'pool-knows-no-nest',
      severity: 'error',
      from: { path: '^src/inference/worker/' },
      to: { path: `(^src/config/|${NEST})` },
    },
    {
      name: 'pure-files-import-no-nest',
      severity: 'error',
      comment: 'What decides is apart from what is wired: it can be tested, and reused, without a container.',
      from: {
        path: '^src/(errors/(codes|app-error)|cache/(cache-key|cache-control|flight|flights|request-wait|lru-store|memory-level)|canary/(split|rollout-machine|who-decides|ramp|gates/|evidence/)|inference/(scheduler|text-queue|permits|pending-text)|tokenization/(tokenizer/|text-tokenizer|token-estimate))',
      },
      to: { path: NEST },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
