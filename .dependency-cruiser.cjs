/**
 * Who may import whom. The request path points one way:
 *   predict → {cache, canary, inference} → model-registry → {config, errors, observability}
 * and what runs in a worker process, or is called pure, knows no Nest.
 */
const only = (from, allowed) => ({
  name: `${from}-imports-only`,
  severity: 'error',
  comment: `${from} may import only: ${allowed.join(', ')}`,
  from: { path: `^src/${from}/` },
  to: { path: '^src/', pathNot: [`^src/(${[from, ...allowed].join('|')})(/|\\.)`] },
});

const leaves = ['config', 'errors', 'observability'];

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: '(\\.d\\.ts$|^src/main\\.ts$|worker/entry\\.ts$)' }, to: {} },
    only('errors', []),
    only('config', ['errors']),
    only('observability', ['config', 'errors']),
    only('tokenization', ['model-registry', ...leaves]),
    only('model-registry', leaves),
    only('inference', ['model-registry', 'tokenization', ...leaves]),
    only('cache', ['model-registry', ...leaves]),
    only('canary', ['model-registry', ...leaves]),
    only('predict', ['cache', 'canary', 'inference', 'model-registry', 'tokenization', ...leaves]),
    only('health', ['model-registry', 'inference', 'tokenization', 'canary', ...leaves]),
    only('admin', ['canary', 'model-registry', 'cache', 'inference', ...leaves]),
    {
      name: 'workers-stand-alone',
      severity: 'error',
      comment: 'A worker process loads the tokenizer, the error codes and its own folder: no Nest, no configuration.',
      from: { path: '^src/inference/worker/(entry|session-table|run-batch|protocol|post-process|plan-runs|load-version)' },
      to: { path: '(^src/|node_modules/@nestjs)', pathNot: '^src/(inference/worker|tokenization/[a-z-]*tokenizer|errors/(codes|app-error)|model-registry/manifest\.ts)' },
    },
    {
      name: 'pure-files-import-no-nest',
      severity: 'error',
      from: { path: '^src/(inference/(batcher|cost-model|token-estimate)|canary/split|cache/cache-key|tokenization/[a-z-]*tokenizer)' },
      to: { path: 'node_modules/@nestjs' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
