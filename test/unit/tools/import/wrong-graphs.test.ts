import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  examineExport,
  type ExaminedExport,
  type ExportChoices,
} from '../../../../src/tools/import/examine-export.js';
import { readExportFolder } from '../../../../src/tools/import/export-folder.js';
import { makeNode, type AttributeValue } from '../../../../src/tools/onnx/attributes.js';
import { TensorProto_DataType as DataType } from '../../../../src/tools/onnx/generated/onnx_pb.js';
import { makeTensor } from '../../../../src/tools/onnx/tensor.js';
import { valueInfo, type SmallModel } from '../../../support/onnx-models.js';
import { EXPORT_WIDTH, writeTinyExport, type ExportChanges } from '../../../support/tiny-export.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-wrong-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function examine(changes: ExportChanges, choices: Partial<ExportChoices> = {}): ExaminedExport {
  writeTinyExport(folder, changes);
  return examineExport(readExportFolder(folder), {
    labels: null,
    task: null,
    maxTokens: null,
    output: 'logits',
    parityFile: null,
    asksPython: false,
    ...choices,
  });
}

/** Puts nodes behind the product that makes the logits: each reads the one before. */
const endsIn =
  (...ops: readonly (readonly [string, Readonly<Record<string, AttributeValue>>?])[]) =>
  (model: SmallModel): SmallModel => {
    const names = ['raw', ...ops.map((_, i) => (i === ops.length - 1 ? 'logits' : `step${i}`))];
    const last = model.nodes.at(-1);
    if (last !== undefined) last.output[0] = 'raw';
    const added = ops.map(([opType, attributes = {}], i) =>
      makeNode({
        opType,
        name: `end${i}`,
        input: [names[i] ?? ''],
        output: [names[i + 1] ?? ''],
        attributes,
      }),
    );
    return { ...model, nodes: [...model.nodes, ...added] };
  };

const SEVERAL = { config: { problem_type: 'multi_label_classification' } };
const endOf = ({ model }: ExaminedExport): (string | undefined)[] =>
  model.graph?.node.slice(-2).map(({ opType }) => opType) ?? [];

describe('a graph that answers scores', () => {
  it('is refused, with what to type where that can be right', () => {
    expect(() => examine({ graph: endsIn(['Softmax', { axis: -1n }]) })).toThrow(
      /^model\.onnx has a Softmax "end0" at its end: it answers scores, .* Export the model without it, or type --output scores, which takes it off\.$/,
    );
    expect(() => examine({ graph: endsIn(['Sigmoid'], ['Identity']), ...SEVERAL })).toThrow(
      /a Sigmoid "end0" at its end: .*--output scores/,
    );
    expect(() => examine({ graph: endsIn(['Sigmoid']) })).toThrow(
      /Sigmoid .*, or type --output scores --task multi-label-classification if that is what the labels mean\.$/,
    );
    expect(() => examine({ graph: endsIn(['Softmax', { axis: -1n }], ['Log'], ['Exp']) })).toThrow(
      /Softmax "end0" .* Export the model without it\.$/,
    );
  });

  it('is imported without its end when that is said and fits the task', () => {
    const single = examine({ graph: endsIn(['Softmax', { axis: 1n }]) }, { output: 'scores' });
    expect(endOf(single)).toEqual(['MatMul', 'Identity']);
    expect(single).toMatchObject({
      isRewritten: true,
      notes: [
        'the Softmax at the end of the graph is taken off, as Serin computes it itself (--output scores)',
      ],
    });
    expect(endOf(examine({ graph: endsIn(['Sigmoid']), ...SEVERAL }, { output: 'scores' }))).toEqual([
      'MatMul',
      'Identity',
    ]);
  });

  it('is refused though it is said when the scores are not those of the task, or there are none', () => {
    const scores = { output: 'scores' } as const;
    expect(() => examine({ graph: endsIn(['Sigmoid']) }, scores)).toThrow(
      /^--output scores cannot be right: the graph ends in Sigmoid "end0", which does not make the scores of the task text-classification/,
    );
    expect(() => examine({ graph: endsIn(['Softmax', { axis: 0n }]) }, scores)).toThrow(/cannot be right/);
    expect(() => examine({ graph: endsIn(['Softmax'], ['Exp']) }, scores)).toThrow(
      /ends in Softmax "end0", followed by other operators/,
    );
    expect(() => examine({}, scores)).toThrow(/nothing of the kind is at the end of this one: leave it out/);
  });

  it('or logarithms of them, which softmax leaves as they are, is taken as it is', () => {
    expect(examine({ graph: endsIn(['LogSoftmax', { axis: -1n }]) })).toMatchObject({ isRewritten: false });
    expect(() => examine({ graph: endsIn(['LogSoftmax']), ...SEVERAL })).toThrow(/LogSoftmax/);
  });

  it('is told from one with attention, which has a Softmax inside', () => {
    const inside = (model: SmallModel): SmallModel => {
      const [last] = model.nodes.slice(-1);
      if (last !== undefined) last.input[0] = 'attended';
      const softmax = makeNode({
        opType: 'Softmax',
        name: 'attention',
        input: ['pooled'],
        output: ['attended'],
      });
      return { ...model, nodes: [...model.nodes.slice(0, -1), softmax, ...model.nodes.slice(-1)] };
    };
    expect(examine({ graph: inside }).isRewritten).toBe(false);
  });
});

it('a graph that looks attention_mask up in a table has it in the place of the token types', () => {
  const swapped = (model: SmallModel): SmallModel => ({
    ...model,
    inputs: [...model.inputs, valueInfo('token_type_ids', DataType.INT64, ['batch', 'sequence'])],
    nodes: [
      makeNode({
        opType: 'Gather',
        name: 'types',
        input: ['types.table', 'attention_mask'],
        output: ['types'],
      }),
      ...model.nodes,
    ],
    initializers: [
      ...model.initializers,
      makeTensor('types.table', [2, EXPORT_WIDTH], new Float32Array(2 * EXPORT_WIDTH)),
    ],
  });
  expect(() => examine({ graph: swapped })).toThrow(
    /^model\.onnx looks attention_mask up in a table of 2 rows, .* have changed places in the export; give torch\.onnx\.export input_names/,
  );
});

it('a graph in bf16 is refused, with the command that exports it in fp32; weights that are cast are not', () => {
  const half =
    (cast: boolean) =>
    (model: SmallModel): SmallModel => {
      const head = model.initializers[1];
      if (head === undefined) throw new Error('it has weights');
      head.dataType = DataType.BFLOAT16;
      head.rawData = head.rawData.subarray(0, head.rawData.length / 2);
      if (!cast) return model;
      head.name = 'stored';
      const node = makeNode({
        opType: 'Cast',
        name: 'cast',
        input: ['stored'],
        output: ['head'],
        attributes: { to: BigInt(DataType.FLOAT) },
      });
      return { ...model, nodes: [node, ...model.nodes] };
    };
  const message = /^model\.onnx computes in bf16, .*model\.float\(\) .*optimum-cli export onnx --dtype fp32/;
  expect(() => examine({ graph: half(false) })).toThrow(message);
  expect(examine({ graph: half(true) }).labels).toHaveLength(2);
  const answers = (model: SmallModel): SmallModel => ({
    ...model,
    outputs: [valueInfo('logits', DataType.BFLOAT16, ['batch', 2])],
  });
  expect(() => examine({ graph: answers })).toThrow(message);
});

describe('a model for pairs of texts', () => {
  const NLI = { id2label: { 0: 'Contradiction', 1: 'neutral', 2: 'entailment' } };

  it.each([
    [NLI, 3, 'it has the label Contradiction'],
    [{ id2label: { 0: 'entailment', 1: 'not_entailment' } }, 2, 'it has the label entailment'],
    [{ finetuning_task: 'mrpc' }, 2, 'finetuning_task is mrpc'],
    [{ sentence_transformers: { version: '5.0' } }, 2, 'a CrossEncoder of sentence-transformers wrote it'],
    [{ sbert_ce_default_activation_function: 'x' }, 2, 'a CrossEncoder of sentence-transformers wrote it'],
  ])('is refused: %j', (config, logits, evidence) => {
    expect(() => examine({ logits, config })).toThrow(
      `config.json is that of a model for pairs of texts (${evidence}): Serin sends one text at a time, and pairs are not served. ` +
        'If the model was trained on single texts, type --task text-classification.',
    );
  });

  it('is imported for single texts when --task says so', () => {
    expect(examine({ logits: 3, config: NLI }, { task: 'text-classification' })).toMatchObject({
      labels: ['Contradiction', 'neutral', 'entailment'],
      notes: [expect.stringMatching(/each text is sent alone, as --task was given$/)],
    });
  });

  it('is told from one whose data set has single texts', () => {
    expect(examine({ config: { finetuning_task: 'sst2' } }).notes).toEqual([]);
  });
});
