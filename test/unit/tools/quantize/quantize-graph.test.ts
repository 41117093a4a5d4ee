import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { makeNode } from '../../../../src/tools/onnx/attributes.js';
import { encodeModel } from '../../../../src/tools/onnx/encode.js';
import {
  TensorProto_DataType as DataType,
  type ModelProto,
  type NodeProto,
} from '../../../../src/tools/onnx/generated/onnx_pb.js';
import { makeTensor } from '../../../../src/tools/onnx/tensor.js';
import type { ActivationRange } from '../../../../src/tools/quantize/integer-rounding.js';
import { findLayers } from '../../../../src/tools/quantize/layers.js';
import { quantizeModel } from '../../../../src/tools/quantize/quantize-graph.js';
import { seededRandom } from '../../../../src/base/seeded-random.js';
import { halfTensor, makeModel, valueInfo } from '../../../support/onnx-models.js';

const random = seededRandom(5);
const values = (n: number, size = 1): Float32Array =>
  Float32Array.from({ length: n }, () => (2 * random() - 1) * size);

const INT8: number = DataType.INT8;
const IN = 48;
const MID = 32;
const OUT = 24;
const X = valueInfo('x', DataType.FLOAT, ['rows', IN]);
const node = (
  opType: string,
  input: string[],
  output: string,
  more: Partial<Parameters<typeof makeNode>[0]> = {},
): NodeProto => makeNode({ opType, name: `${output}.node`, input, output: [output], ...more });

/** x · w1 + b1, Relu, · w2ᵀ + b2, and a head of 2 columns. */
function network(): ModelProto {
  return makeModel({
    nodes: [
      node('MatMul', ['x', 'w1'], 'p1'),
      node('Add', ['b1', 'p1'], 's1'),
      node('Relu', ['s1'], 'a1'),
      node('Cast', ['w2.half'], 'w2', { attributes: { to: BigInt(DataType.FLOAT) } }),
      node('Gemm', ['a1', 'w2', 'b2'], 's2', { attributes: { transB: 1n } }),
      node('MatMul', ['s2', 'head'], 'y'),
    ],
    initializers: [
      makeTensor('w1', [IN, MID], values(IN * MID)),
      makeTensor('b1', [MID], values(MID)),
      halfTensor('w2.half', [OUT, MID], values(OUT * MID)),
      makeTensor('b2', [OUT], values(OUT)),
      makeTensor('head', [OUT, 2], values(OUT * 2)),
    ],
    inputs: [X],
    outputs: [valueInfo('y', DataType.FLOAT, ['rows', 2])],
  });
}

async function run(model: ModelProto, x: Float32Array, output = 'y'): Promise<Float32Array> {
  const session = await InferenceSession.create(Buffer.concat(encodeModel(model)), { logSeverityLevel: 3 });
  const rows = x.length / IN;
  const results = await session.run({ x: new Tensor('float32', x, [rows, IN]) }, [output]);
  await session.release();
  return results[output]?.data as Float32Array;
}

/** The smallest and largest value that a value of the graph takes. */
async function rangeOf(model: ModelProto, name: string, x: Float32Array): Promise<ActivationRange> {
  const { graph } = model;
  if (graph === undefined) throw new Error('it has a graph');
  const { output } = graph;
  graph.output = [...output, valueInfo(name, DataType.FLOAT, null)];
  try {
    const found = name === 'x' ? x : await run(model, x, name);
    return { low: Math.min(...found), high: Math.max(...found) };
  } finally {
    graph.output = output;
  }
}

async function quantized(
  model: ModelProto,
  x: Float32Array,
  { dynamic = false, leaveOut, bits = 7 }: { dynamic?: boolean; leaveOut?: string; bits?: 7 | 8 } = {},
): Promise<ModelProto> {
  if (model.graph === undefined) throw new Error('it has a graph');
  const layers = findLayers(model.graph).found.filter(({ name }) => name !== leaveOut);
  const ranges = new Map<string, ActivationRange>();
  for (const layer of layers) {
    if (layer.kind === 'linear') ranges.set(layer.input, await rangeOf(model, layer.input, x));
  }
  return quantizeModel(model, { layers, activations: dynamic ? 'dynamic' : ranges, weightBits: bits }).model;
}

const ops = (model: ModelProto): string[] => (model.graph?.node ?? []).map(({ opType }) => opType);
const names = (model: ModelProto): string[] => (model.graph?.initializer ?? []).map(({ name }) => name);
const largest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? 0))), 0);

describe('a quantised graph', () => {
  it.each([
    { bits: 8 as const, bound: 0.02 },
    { bits: 7 as const, bound: 0.04 },
  ])('answers as the float one does, with weights of $bits bits', async ({ bits, bound }) => {
    const model = network();
    const x = values(20 * IN);
    const before = Buffer.concat(encodeModel(model));
    const small = await quantized(model, x, { bits });
    const [expected, found] = [await run(model, x), await run(small, x)];
    const span = Math.max(...expected) - Math.min(...expected);
    expect(largest(expected, found)).toBeGreaterThan(0);
    expect(largest(expected, found)).toBeLessThan(bound * span);
    // The bias is part of the product, and nothing of the float layers is left.
    expect(ops(small)).toEqual([
      ...['QuantizeLinear', 'MatMulIntegerToFloat', 'Relu'],
      ...['QuantizeLinear', 'MatMulIntegerToFloat', 'MatMul'],
    ]);
    expect(names(small).filter((name) => ['w1', 'b1', 'w2.half', 'b2'].includes(name))).toEqual([]);
    expect(Buffer.concat(encodeModel(model)).equals(before)).toBe(true);
  });

  it('answers the same about a row whatever stands beside it, unless it is dynamic', async () => {
    const model = network();
    const x = values(4 * IN);
    const withOutlier = Float32Array.from(x);
    withOutlier.fill(30, 3 * IN);
    const first = (all: Float32Array): Float32Array => all.slice(0, 6);
    const alwaysSame = await quantized(model, x);
    expect(first(await run(alwaysSame, withOutlier))).toEqual(first(await run(alwaysSame, x)));
    const dynamic = await quantized(model, x, { dynamic: true });
    expect(ops(dynamic)).toContain('DynamicQuantizeLinear');
    const [expected, found] = [await run(model, x), await run(dynamic, x)];
    expect(largest(expected, found)).toBeLessThan(0.04 * (Math.max(...expected) - Math.min(...expected)));
    expect(first(await run(dynamic, withOutlier))).not.toEqual(first(await run(dynamic, x)));
  });

  it('leaves a layer out that is to stay float', async () => {
    const model = network();
    const x = values(8 * IN);
    const small = await quantized(model, x, { leaveOut: 's2.node' });
    expect(ops(small)).toEqual(['QuantizeLinear', 'MatMulIntegerToFloat', 'Relu', 'Cast', 'Gemm', 'MatMul']);
    const [expected, found] = [await run(model, x), await run(small, x)];
    expect(largest(expected, found)).toBeLessThan(0.03 * (Math.max(...expected) - Math.min(...expected)));
  });

  it('quantises what several products read once, and a part of it not again', async () => {
    const model = makeModel({
      nodes: [
        node('Slice', ['x', 'zero', 'one', 'zero'], 'first'),
        node('MatMul', ['first', 'w1'], 'q'),
        node('MatMul', ['x', 'w2'], 'k'),
        node('MatMul', ['x', 'w1'], 'v'),
        node('Add', ['q', 'k'], 'qk'),
        node('Add', ['qk', 'v'], 'sum'),
        node('MatMul', ['sum', 'head'], 'y'),
      ],
      initializers: [
        makeTensor('zero', [1], new BigInt64Array([0n])),
        makeTensor('one', [1], new BigInt64Array([1n])),
        makeTensor('w1', [IN, MID], values(IN * MID)),
        makeTensor('w2', [IN, MID], values(IN * MID)),
        makeTensor('head', [MID, 2], values(MID * 2)),
      ],
      inputs: [X],
      outputs: [valueInfo('y', DataType.FLOAT, ['rows', 2])],
    });
    const x = values(6 * IN);
    const small = await quantized(model, x);
    expect(ops(small).filter((op) => ['QuantizeLinear', 'Slice'].includes(op))).toEqual([
      'QuantizeLinear',
      'Slice',
    ]);
    // q and v share their matrix.
    const matrices = (small.graph?.initializer ?? []).filter(({ dataType }) => dataType === INT8);
    expect(matrices).toHaveLength(2);
    const expected = await run(model, x);
    expect(largest(expected, await run(small, x))).toBeLessThan(0.05 * Math.max(...expected.map(Math.abs)));
  });

  it('keeps an addition that is not a bias, or whose summand others read too', async () => {
    const model = makeModel({
      nodes: [
        node('MatMul', ['x', 'w1'], 'p'),
        node('Add', ['p', 'b'], 's'),
        node('Mul', ['p', 's'], 'm'),
        node('MatMul', ['x', 'w2'], 'r'),
        node('Add', ['r', 'm'], 't'),
        node('MatMul', ['t', 'head'], 'y'),
      ],
      initializers: [
        makeTensor('w1', [IN, MID], values(IN * MID)),
        makeTensor('w2', [IN, MID], values(IN * MID)),
        makeTensor('b', [MID], values(MID)),
        makeTensor('head', [MID, 2], values(MID * 2)),
      ],
      inputs: [X],
      outputs: [valueInfo('y', DataType.FLOAT, ['rows', 2])],
    });
    const x = values(6 * IN);
    const small = await quantized(model, x);
    expect(ops(small).filter((op) => op === 'Add')).toHaveLength(2);
    const expected = await run(model, x);
    expect(largest(expected, await run(small, x))).toBeLessThan(0.06 * Math.max(...expected.map(Math.abs)));
  });

  it('has rows of a large table in int8, each with its scale', async () => {
    const [rows, columns] = [40_000, 32];
    const table = values(rows * columns);
    // One row that is a thousand times the others: a scale for all would leave nothing of them.
    table.fill(1000, 0, columns);
    const model = makeModel({
      nodes: [
        node('Gather', ['table', 'ids'], 'half'),
        node('Cast', ['half'], 'rows', { attributes: { to: BigInt(DataType.FLOAT) } }),
        node('Identity', ['rows'], 'y'),
      ],
      initializers: [halfTensor('table', [rows, columns], table)],
      inputs: [valueInfo('ids', DataType.INT64, ['n'])],
      outputs: [valueInfo('y', DataType.FLOAT, ['n', columns])],
    });
    const { found } = findLayers(model.graph ?? fail());
    const small = quantizeModel(model, { layers: found, activations: new Map(), weightBits: 7 }).model;
    const bytes = Buffer.concat(encodeModel(small));
    expect(bytes.length).toBeLessThan(rows * columns + rows * 4 + 1000);
    const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
    const ids = new Tensor('int64', new BigInt64Array([0n, 7n, 39_999n]), [3]);
    const { y } = await session.run({ ids });
    await session.release();
    const answer = y?.data as Float32Array;
    expect(answer[0]).toBeCloseTo(1000, 2);
    expect(largest(answer.slice(columns, 2 * columns), table.slice(7 * columns, 8 * columns))).toBeLessThan(
      0.005,
    );
  });

  it('drops the inputs that name stored tensors which are gone', async () => {
    const model = network();
    model.graph?.input.push(valueInfo('w1', DataType.FLOAT, [IN, MID]));
    const small = await quantized(model, values(4 * IN), {});
    expect(small.graph?.input.map(({ name }) => name)).toEqual(['x']);
  });
});

describe('layers that stay float', () => {
  const reasons = (model: ModelProto): Record<string, string> =>
    Object.fromEntries(findLayers(model.graph ?? fail()).kept.map(({ name, reason }) => [name, reason]));

  it('are named with the reason', () => {
    const model = makeModel({
      nodes: [
        node('MatMul', ['x', 'half'], 'inHalf'),
        node('Gemm', ['x', 'w'], 'scaled', { attributes: { alpha: 0.5 } }),
        node('MatMul', ['x', 'narrow'], 'few'),
        node('Gather', ['w', 'ids'], 'positions'),
        node('MatMul', ['x', 'w'], 'y'),
        node('MatMul', ['x', 'x'], 'square'),
      ],
      initializers: [
        halfTensor('half', [IN, MID], values(IN * MID)),
        makeTensor('w', [IN, MID], values(IN * MID)),
        makeTensor('narrow', [IN, 3], values(IN * 3)),
      ],
      inputs: [X, valueInfo('ids', DataType.INT64, ['n'])],
      outputs: [valueInfo('y', DataType.FLOAT, ['rows', MID])],
    });
    expect(reasons(model)).toEqual({
      'inHalf.node': 'it computes in float16',
      'scaled.node': 'it is a Gemm with alpha, beta or transA',
      'few.node': 'it has only 3 columns',
      'positions.node': 'its table is small',
      'y.node': "its result is the model's answer",
    });
    expect(findLayers(model.graph ?? fail()).found).toEqual([]);
  });
});

function fail(): never {
  throw new Error('it has a graph');
}
