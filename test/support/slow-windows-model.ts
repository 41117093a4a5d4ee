import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeNode } from '../../src/tools/onnx/attributes.js';
import { makeTensor } from '../../src/tools/onnx/tensor.js';
import { seededRandom } from '../../src/base/seeded-random.js';
import type { SmallModel } from './onnx-models.js';
import { EXPORT_WIDTH, writeTinyExport } from './tiny-export.js';

/** Layers of random weights: a window then takes some milliseconds. */
const LAYERS = 12;
const LAYER_WIDTH = 1_024;

export const WINDOWED_LABELS = ['RED', 'GREEN', 'BLUE'];
/** Two special tokens and thirty words. */
export const WINDOWED_MAX_TOKENS = 32;

/** Passes the words' vectors through wide layers before they are averaged. */
function withLayers(small: SmallModel): SmallModel {
  const random = seededRandom(4);
  const weights = (rows: number, columns: number): Float32Array =>
    Float32Array.from({ length: rows * columns }, () => ((random() - 0.5) * 3.5) / Math.sqrt(rows));
  const [gather, ...others] = small.nodes;
  if (gather === undefined) throw new Error('the export has no nodes');
  const node = (opType: string, input: string[], output: string) =>
    makeNode({ opType, name: output, input, output: [output] });
  const layers = Array.from({ length: LAYERS }, (_, i) => [
    node('MatMul', [`layer${String(i)}`, i === 0 ? 'widen' : 'mix'], `mixed${String(i)}`),
    node('Tanh', [`mixed${String(i)}`], `layer${String(i + 1)}`),
  ]);
  return {
    ...small,
    nodes: [
      { ...gather, name: 'layer0', output: ['layer0'] },
      ...layers.flat(),
      node('MatMul', [`layer${String(LAYERS)}`, 'narrow'], 'words'),
      ...others,
    ],
    initializers: [
      ...small.initializers,
      makeTensor('widen', [EXPORT_WIDTH, LAYER_WIDTH], weights(EXPORT_WIDTH, LAYER_WIDTH)),
      makeTensor('mix', [LAYER_WIDTH, LAYER_WIDTH], weights(LAYER_WIDTH, LAYER_WIDTH)),
      makeTensor('narrow', [LAYER_WIDTH, EXPORT_WIDTH], weights(LAYER_WIDTH, EXPORT_WIDTH)),
    ],
  };
}

/**
 * Writes the version `windowed/v1`: a model of random weights that reads a few words and gives each text any number of
 * three labels. One run takes two windows.
 * @param folder the version's own, which may not be there yet
 */
export function writeWindowedVersion(folder: string): void {
  writeTinyExport(folder, { logits: WINDOWED_LABELS.length, graph: withLayers });
  const files = Object.fromEntries(
    readdirSync(folder).map((name) => {
      const bytes = readFileSync(join(folder, name));
      return [name, { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length }];
    }),
  );
  const manifest = {
    schema_version: 1,
    model: 'windowed',
    version: 'v1',
    task: 'multi-label-classification',
    labels: WINDOWED_LABELS,
    max_tokens: WINDOWED_MAX_TOKENS,
    truncation_side: 'right',
    precision: 'fp32',
    session: { graph_optimization_level: 'all', disabled_optimizers: [] },
    batching: { max_padded_tokens: 2 * WINDOWED_MAX_TOKENS, runs_alone: false },
    files,
  };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
}
