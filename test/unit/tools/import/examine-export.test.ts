import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasOwnStages } from '../../../../src/engine/tokenization/tokenizer/pipeline.js';
import { StartError } from '../../../../src/base/errors/start-error.js';
import {
  examineExport,
  type ExaminedExport,
  type ExportChoices,
} from '../../../../src/tools/import/examine-export.js';
import { readExportFolder } from '../../../../src/tools/import/export-folder.js';
import { makeNode } from '../../../../src/tools/onnx/attributes.js';
import { TensorProto_DataType as DataType } from '../../../../src/tools/onnx/generated/onnx_pb.js';
import { makeTensor } from '../../../../src/tools/onnx/tensor.js';
import { valueInfo, type SmallModel } from '../../../support/onnx-models.js';
import { writeTinyExport, type ExportChanges } from '../../../support/tiny-export.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-export-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const NOTHING: ExportChoices = {
  labels: null,
  task: null,
  maxTokens: null,
  output: 'logits',
  parityFile: null,
  asksPython: false,
};

function examine(choices: Partial<ExportChoices> = {}, onnx?: string): ExaminedExport {
  return examineExport(readExportFolder(folder, onnx), { ...NOTHING, ...choices });
}

/** The sentence that a folder is refused with. */
function refusal(choices: Partial<ExportChoices> = {}, onnx?: string): string {
  try {
    examine(choices, onnx);
  } catch (error) {
    expect(error).toBeInstanceOf(StartError);
    return (error as StartError).message.replaceAll(folder, 'FOLDER');
  }
  throw new Error('it was accepted');
}

function refusalOf(changes: ExportChanges, choices: Partial<ExportChoices> = {}): string {
  writeTinyExport(folder, changes);
  return refusal(choices);
}

describe('an export that fits', () => {
  it('tells what the version is', () => {
    writeTinyExport(folder);
    expect(examine()).toMatchObject({
      task: 'text-classification',
      labels: ['NEGATIVE', 'POSITIVE'],
      maxTokens: 64,
      precision: { precision: 'fp32', weightStorage: null },
      opset: 18,
      isRewritten: false,
      config: { baseModel: 'someone/tiny-bert', architecture: 'BertForSequenceClassification' },
      notes: [],
    });
    expect(examine({ maxTokens: 32, labels: ['no', 'yes'] })).toMatchObject({
      maxTokens: 32,
      labels: ['no', 'yes'],
    });
  });

  it('may have its graph elsewhere, and its weights beside it', () => {
    writeTinyExport(folder, {
      externalData: 'always',
      rows: 40,
      config: { vocab_size: 40 },
      tokenizerConfig: { x: 1 },
    });
    mkdirSync(join(folder, 'onnx'));
    for (const name of ['model.onnx', 'model.onnx.data'])
      renameSync(join(folder, name), join(folder, 'onnx', name));
    writeFileSync(
      join(folder, 'proof.json'),
      JSON.stringify({ items: [{ text: 'a', ids: [1], scores: [0.5, 0.5] }] }),
    );
    expect(examine({ parityFile: join(folder, 'proof.json') }).isRewritten).toBe(true);
    renameSync(join(folder, 'onnx'), join(folder, 'other'));
    expect(examine({ parityFile: join(folder, 'proof.json') }, 'other/model.onnx').isRewritten).toBe(true);
  });

  it('has several labels per text, or one logit, by its problem_type or by what is said', () => {
    writeTinyExport(folder, { config: { problem_type: 'multi_label_classification' } });
    expect(examine().task).toBe('multi-label-classification');
    writeTinyExport(folder, { logits: 1, config: { problem_type: undefined, id2label: { 0: 'LABEL_0' } } });
    expect(examine({ task: 'binary-classification', labels: ['NO', 'YES'] })).toMatchObject({
      task: 'binary-classification',
      labels: ['NO', 'YES'],
      notes: [],
    });
  });

  it('says what it assumed', () => {
    writeTinyExport(folder, {
      config: { problem_type: null, id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } },
      tokenizerConfig: { model_max_length: 1e30 },
      masked: false,
    });
    expect(examine().notes).toEqual([
      expect.stringMatching(/^config.json has no problem_type: exactly one label per text/),
      expect.stringMatching(/^the labels are called LABEL_0, LABEL_1, as nobody named them/),
      expect.stringMatching(/^the graph takes no attention_mask/),
    ]);
    writeTinyExport(folder, {
      config: { max_position_embeddings: 8192 },
      tokenizerConfig: { model_max_length: 1e30 },
    });
    expect(examine().notes).toEqual([
      expect.stringMatching(/^texts are cut after 512 tokens \(the model allows 8192\)/),
    ]);
  });

  it('of the RoBERTa family has fewer positions than rows for them', () => {
    writeTinyExport(folder, {
      config: { model_type: 'roberta', max_position_embeddings: 40 },
      tokenizerConfig: { model_max_length: 40 },
    });
    expect(examine().maxTokens).toBe(39);
  });

  it('tells fp16 weights from fp16 arithmetic', () => {
    const half = (model: SmallModel): SmallModel => {
      const [embedding, ...rest] = model.initializers;
      if (embedding === undefined) throw new Error('it has weights');
      embedding.dataType = DataType.FLOAT16;
      embedding.rawData = embedding.rawData.subarray(0, embedding.rawData.length / 2);
      embedding.name = 'half';
      const cast = makeNode({
        opType: 'Cast',
        name: 'cast',
        input: ['half'],
        output: ['embedding'],
        attributes: { to: BigInt(DataType.FLOAT) },
      });
      return { ...model, initializers: [embedding, ...rest], nodes: [cast, ...model.nodes] };
    };
    writeTinyExport(folder, { graph: half });
    expect(examine().precision).toEqual({ precision: 'fp32', weightStorage: 'fp16' });
    // The table is found behind the cast: with fewer rows it does not fit.
    expect(refusalOf({ graph: half, rows: 20 })).toMatch(/the model has rows for ids up to 19/);
    writeTinyExport(folder, {
      graph: (model) => {
        const head = model.initializers[1];
        if (head) head.dataType = DataType.FLOAT16;
        return model;
      },
    });
    expect(examine().precision).toEqual({ precision: 'fp16', weightStorage: null });
  });
});

describe('a folder is refused, with what to do,', () => {
  it('when it is not there, or lacks a file', () => {
    rmSync(folder, { recursive: true });
    expect(refusal()).toBe('There is no folder FOLDER: name the one that the export was written to.');
    mkdirSync(folder);
    const missing = (file: string): string => {
      writeTinyExport(folder);
      rmSync(join(folder, file));
      return refusal();
    };
    expect(missing('tokenizer.json')).toMatch(/^FOLDER has no tokenizer.json: save it with AutoTokenizer/);
    writeFileSync(join(folder, 'vocab.txt'), '[PAD]');
    expect(missing('tokenizer.json')).toMatch(
      /it has the older vocab.txt only; the fast tokenizer is one file/,
    );
    expect(missing('tokenizer_config.json')).toMatch(/^FOLDER has no tokenizer_config.json/);
    expect(missing('config.json')).toMatch(/^FOLDER has no config.json/);
    writeFileSync(join(folder, 'config.json'), '{');
    expect(refusal()).toMatch(/^config.json is not JSON/);
    expect(missing('model.onnx')).toBe(
      'FOLDER has no ONNX file: export the model with "optimum-cli export onnx --model FOLDER --task text-classification OUT".',
    );
    writeFileSync(join(folder, 'model.safetensors'), '');
    expect(refusal()).toMatch(/no ONNX file, only model.safetensors: export/);
  });

  it('when it has several graphs, or the one that is named is outside', () => {
    writeTinyExport(folder);
    for (const name of ['a.onnx', 'b.onnx']) copyFileSync(join(folder, 'model.onnx'), join(folder, name));
    rmSync(join(folder, 'model.onnx'));
    expect(refusal()).toBe('FOLDER has 2 ONNX files: say which with --onnx a.onnx or b.onnx.');
    expect(examine({}, 'b.onnx').opset).toBe(18);
    expect(refusal({}, '../b.onnx')).toMatch(/--onnx names a file inside FOLDER/);
  });

  it('when the graph is no ONNX file, cut off, or without its weights', () => {
    writeTinyExport(folder, { externalData: 'always' });
    rmSync(join(folder, 'model.onnx.data'));
    expect(refusal()).toMatch(/model.onnx.data beside it, which is missing: copy it into FOLDER as well/);
    writeTinyExport(folder);
    truncateSync(join(folder, 'model.onnx'), 2000);
    expect(refusal()).toMatch(/^FOLDER\/model.onnx is not a readable ONNX model: it is cut off/);
    writeFileSync(join(folder, 'model.onnx'), 'PK\x03\x04');
    expect(refusal()).toMatch(/it is a PyTorch file or another archive: export the model to ONNX/);
  });

  it('when the model is of another kind', () => {
    const withOutput = (name: string, dims: (string | number)[]) => (model: SmallModel) => ({
      ...model,
      outputs: [valueInfo(name, DataType.FLOAT, dims)],
    });
    const withInput = (name: string) => (model: SmallModel) => ({
      ...model,
      inputs: [...model.inputs, valueInfo(name, DataType.INT64, ['batch', 'sequence'])],
    });
    expect(
      refusalOf({ graph: withOutput('logits', ['batch', 'sequence', 27]), config: { vocab_size: 27 } }),
    ).toMatch(/^model.onnx is a generator or a filler of masks/);
    expect(refusalOf({ graph: withOutput('logits', ['batch', 'sequence', 9]) })).toMatch(
      /a classifier of single tokens/,
    );
    expect(refusalOf({ graph: withOutput('last_hidden_state', ['batch', 'sequence', 9]) })).toMatch(
      /^model.onnx extracts features \(its output is last_hidden_state\)\. Serin serves classifiers: .*optimum-cli/,
    );
    expect(refusalOf({ graph: withInput('past_key_values.0.key') })).toMatch(
      /^model.onnx is a generator \(it has past_/,
    );
    expect(refusalOf({ graph: withInput('pixel_values') })).toMatch(/a model of images or sound/);
    expect(refusalOf({ graph: withInput('species') })).toMatch(
      /has the inputs input_ids, attention_mask, species; it must take input_ids, and may take/,
    );
    expect(refusalOf({ config: { architectures: ['LlamaForCausalLM'] } })).toMatch(
      /^config.json describes a generator \(LlamaForCausalLM\)/,
    );
  });

  it('when its inputs or outputs have another shape or type', () => {
    const inputs = (type: DataType, dims: (string | number)[]) => (model: SmallModel) => ({
      ...model,
      inputs: ['input_ids', 'attention_mask'].map((name) => valueInfo(name, type, dims)),
    });
    expect(refusalOf({ graph: inputs(DataType.INT64, [1, 128]) })).toMatch(
      /^The input input_ids has the fixed shape \[1, 128\].*optimum-cli export onnx .*dynamic_axes=/,
    );
    expect(refusalOf({ graph: inputs(DataType.INT64, ['batch', 128]) })).toMatch(
      /fixed shape \[batch, 128\]/,
    );
    expect(refusalOf({ graph: inputs(DataType.INT32, ['batch', 'sequence']) })).toMatch(
      /is of type INT32, but must be INT64/,
    );
    expect(
      refusalOf({
        graph: (model) => ({ ...model, outputs: [valueInfo('logits', DataType.FLOAT16, ['batch', 2])] }),
      }),
    ).toMatch(/is of type FLOAT16, but must be FLOAT: convert the model with keep_io_types=True/);
  });

  it('when dropout or normalization is in training mode', () => {
    const dropout = (mode: boolean) => (model: SmallModel) => ({
      ...model,
      initializers: [
        ...model.initializers,
        makeTensor('ratio', [], new Float32Array([0.1])),
        { ...makeTensor('mode', [], new Uint8Array([mode ? 1 : 0])), dataType: DataType.BOOL },
      ],
      nodes: [
        makeNode({
          opType: 'Dropout',
          name: 'drop',
          input: ['embedding', 'ratio', 'mode'],
          output: ['kept'],
        }),
        ...model.nodes,
      ],
    });
    expect(refusalOf({ graph: dropout(true) })).toMatch(
      /^model.onnx is in training mode: Dropout "drop" is live\. .*model\.eval\(\) before the export/,
    );
    writeTinyExport(folder, { graph: dropout(false) });
    expect(examine().opset).toBe(18);
    const normalization = makeNode({
      opType: 'BatchNormalization',
      name: 'norm',
      input: ['a', 'b', 'c', 'd', 'e'],
      output: ['f'],
      attributes: { training_mode: 1n },
    });
    expect(refusalOf({ graph: (model) => ({ ...model, nodes: [normalization, ...model.nodes] }) })).toMatch(
      /BatchNormalization "norm" is live/,
    );
  });

  it('when labels and logits do not fit', () => {
    expect(refusalOf({ logits: 3 })).toBe(
      'config.json (id2label) has 2 labels, but the model answers 3 logits per text: name them in their order with --labels A,B,….',
    );
    expect(refusalOf({}, { labels: ['A', 'B', 'C'] })).toMatch(
      /^--labels names 3 labels, but the model answers 2/,
    );
    expect(refusalOf({ config: { id2label: { 0: 'A', 1: 'A' } } })).toMatch(/must all differ/);
    expect(refusalOf({ config: { id2label: { 1: 'A', 2: 'B' } } })).toMatch(
      /id2label must name every label by its index/,
    );
    expect(refusalOf({}, { task: 'binary-classification' })).toMatch(/does not fit 2 logits per text/);
  });

  it('when the tokenizer is of another model', () => {
    expect(refusalOf({ rows: 20 })).toMatch(
      /gives "##er" the id 26, but the model has rows for ids up to 19: it is the tokenizer of another model/,
    );
    expect(refusalOf({ rows: 60 })).toMatch(
      /has 27 tokens, but the model has rows for 60: .*or prove it with --parity/,
    );
    expect(refusalOf({ config: { pad_token_id: 1 } })).toMatch(
      /padding token has the id 0 in tokenizer.json, but pad_token_id is 1 in config.json/,
    );
    expect(refusalOf({ tokenizerConfig: { mask_token: '<mask>' } })).toMatch(
      /names "<mask>" as mask_token, which tokenizer.json does not have/,
    );
    expect(refusalOf({ tokenizer: { model: undefined } })).toMatch(/tokenizer.json has no model/);
    expect(refusalOf({ tokenizer: { pre_tokenizer: { type: 'UnicodeScripts' } } })).toMatch(
      /The tokenizer \(WordPiece\) has stages for which transformers.js is used, .*--parity FILE/,
    );
    const words = { type: 'WordLevel', vocab: { a: 0 } };
    expect(refusalOf({ tokenizer: { model: words }, rows: 5 })).toMatch(
      /The tokenizer \(WordLevel\) has stages .*--parity FILE/,
    );
    expect(refusalOf({ tokenizer: { pre_tokenizer: { type: 'Metaspace' } } })).toMatch(
      /Metaspace must have a replacement/,
    );
  });

  it('only without golden texts when a stage of the tokenizer is not Serin’s own', () => {
    const sequence = { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Nmt' }] };
    const metaspace = { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'first' };
    const isExact = (parts: object): boolean =>
      hasOwnStages({ normalizer: null, model: { type: 'Unigram' }, ...parts });
    expect(isExact({ normalizer: sequence, pre_tokenizer: null })).toBe(true);
    expect(isExact({ normalizer: { type: 'ByteLevel' } })).toBe(false);
    expect(isExact({ model: { type: 'WordLevel' } })).toBe(false);
    expect(isExact({ pre_tokenizer: metaspace })).toBe(true);
    // The place of the first character in the original text is not known then.
    expect(isExact({ pre_tokenizer: metaspace, normalizer: { type: 'Strip', strip_left: true } })).toBe(
      false,
    );
    expect(
      isExact({
        pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
      }),
    ).toBe(false);
  });

  it('when more tokens are wanted than model and tokenizer allow', () => {
    expect(refusalOf({}, { maxTokens: 65 })).toBe(
      '--max-tokens is 65, but tokenizer_config.json (model_max_length) allows 64.',
    );
    expect(refusalOf({ config: { max_position_embeddings: 16 } }, { maxTokens: 17 })).toMatch(
      /config.json \(max_position_embeddings\) allows 16/,
    );
  });
});
