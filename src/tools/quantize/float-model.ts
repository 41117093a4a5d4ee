import { join } from 'node:path';
import { StartError } from '../../base/errors/start-error.js';
import type { ModelVersion } from '../../registry/model-version.js';
import type { GraphProto, ModelProto } from '../onnx/generated/onnx_pb.js';
import { readModelFile } from '../onnx/model-file.js';
import { findLayers, type KeptLayer, type Layer } from './layers.js';

/** QuantizeLinear and DynamicQuantizeLinear of uint8 came with these. */
const LEAST_OPSET = { static: 10n, dynamic: 11n } as const;

/** A float model with the layers to quantise. */
export interface FloatModel {
  readonly model: ModelProto;
  readonly layers: readonly Layer[];
  readonly leftOut: readonly KeptLayer[];
}

/**
 * Reads a version's model and finds its layers.
 * @param globs names, or patterns of names, of layers that are to stay as they are
 * @throws OnnxError when it cannot be read; StartError when it cannot be quantised, or a glob names no layer
 */
export function readFloatModel(
  { folder, model: name, version }: ModelVersion,
  method: 'static' | 'dynamic',
  globs: readonly string[],
): FloatModel {
  const { model } = readModelFile(join(folder, 'model.onnx'));
  const refuse = (why: string): StartError =>
    new StartError(`${name}/${version} cannot be quantised: ${why}.`);
  const { graph } = model;
  if (graph === undefined) throw refuse('it has no graph');
  if (isQuantized(graph))
    throw refuse('its graph is quantised already; give the float model that it was made from');
  const opset = model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0n;
  if (opset < LEAST_OPSET[method]) {
    throw refuse(
      `its opset is ${opset}, and uint8 needs ${LEAST_OPSET[method]}; export it with opset 17 or later`,
    );
  }
  const { found, kept } = findLayers(graph);
  if (found.length === 0) {
    const reasons = [...new Set(kept.map(({ reason }) => reason))].join('; ');
    throw refuse(`no layer of it is a product with a constant float32 matrix${reasons && ` (${reasons})`}`);
  }
  const names = found.map((layer) => layer.name);
  const { chosen, unmatched } = selectNames(names, globs);
  if (unmatched.length > 0) {
    const known = `${names.slice(0, 5).join(', ')}${names.length > 5 ? `, and ${names.length - 5} more` : ''}`;
    throw new StartError(`--leave-out ${unmatched.join(', ')} names no layer; layers are ${known}.`);
  }
  const layers = found.filter((layer) => !chosen.has(layer.name));
  if (layers.length === 0) throw refuse('--leave-out leaves nothing to quantise');
  return {
    model,
    layers,
    leftOut: [...kept, ...[...chosen].map((one) => ({ name: one, reason: 'left out by name' }))],
  };
}

function isQuantized({ node }: GraphProto): boolean {
  return node.some(({ opType }) =>
    /^(DequantizeLinear|MatMulInteger|MatMulIntegerToFloat|QLinearMatMul)$/.test(opType),
  );
}

/** What a pattern with `*` (any characters) and `?` (one character) matches. */
function globToRegExp(glob: string): RegExp {
  const source = glob
    .replace(/[\\^$.+()[\]{}|/]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su');
}

export interface Selection {
  /** Names that some pattern matches. */
  readonly chosen: ReadonlySet<string>;
  /** Patterns that match none: a layer that was to stay float would be quantised after all. */
  readonly unmatched: readonly string[];
}

/** Chooses layers by names or globs. */
export function selectNames(names: readonly string[], globs: readonly string[]): Selection {
  const matchers = globs.map((glob) => ({ glob, pattern: globToRegExp(glob) }));
  return {
    chosen: new Set(names.filter((name) => matchers.some(({ pattern }) => pattern.test(name)))),
    unmatched: matchers
      .filter(({ pattern }) => !names.some((name) => pattern.test(name)))
      .map(({ glob }) => glob),
  };
}
