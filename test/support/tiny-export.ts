import type { ExportChoices } from '../../src/tools/import/examine-export.js';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeNode } from '../../src/tools/onnx/attributes.js';
import { TensorProto_DataType as DataType, type ModelProto } from '../../src/tools/onnx/generated/onnx_pb.js';
import { writeModelFile, type ExternalData } from '../../src/tools/onnx/model-file.js';
import { makeTensor } from '../../src/tools/onnx/tensor.js';
import { makeModel, valueInfo, type SmallModel } from './onnx-models.js';

/** An import that is told nothing. */
export const NO_CHOICES: ExportChoices = {
  labels: null,
  task: null,
  maxTokens: null,
  output: 'logits',
  parityFile: null,
  asksPython: false,
};

/** Words that are one token each, whatever stands beside them. */
export const EXPORT_WORDS =
  'the film was good bad wonderful a waste it is not better than my order , . ! and s'.split(' ');
const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...EXPORT_WORDS, '##s', '##er'];
/** Of a word's vector. */
export const EXPORT_WIDTH = 16;

/** What is different from an export that can be imported. */
export interface ExportChanges {
  /** Logits per text; 2 unless said. */
  readonly logits?: number;
  /** Rows of the embedding; the size of the vocabulary unless said. */
  readonly rows?: number;
  /** False: words of padding count in the mean, so that batches change answers. */
  readonly masked?: boolean;
  readonly graph?: (model: SmallModel) => SmallModel;
  /** Merged over what is written; undefined takes a member away. */
  readonly config?: object;
  readonly tokenizer?: object;
  readonly tokenizerConfig?: object;
  readonly externalData?: ExternalData;
}

const weights = (count: number, phase: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + phase));

/** A classifier: the mean of the words' vectors, times a matrix. */
function classifier({ logits = 2, rows = VOCABULARY.length, masked = true }: ExportChanges): SmallModel {
  const ids = ['input_ids', 'attention_mask'].map((name) =>
    valueInfo(name, DataType.INT64, ['batch', 'sequence']),
  );
  const node = (opType: string, input: string[], output: string, attributes = {}) =>
    makeNode({ opType, name: output, input, output: [output], attributes });
  const pooled = masked
    ? [
        node('Cast', ['attention_mask'], 'mask', { to: BigInt(DataType.FLOAT) }),
        node('Unsqueeze', ['mask', 'last'], 'mask3'),
        node('Mul', ['words', 'mask3'], 'seen'),
        node('ReduceSum', ['seen', 'middle'], 'sum', { keepdims: 0n }),
        node('ReduceSum', ['mask', 'middle'], 'count', { keepdims: 1n }),
        node('Div', ['sum', 'count'], 'pooled'),
      ]
    : [node('ReduceMean', ['words', 'middle'], 'pooled', { keepdims: 0n })];
  return {
    inputs: masked ? ids : ids.slice(0, 1),
    outputs: [valueInfo('logits', DataType.FLOAT, ['batch', logits])],
    nodes: [
      node('Gather', ['embedding', 'input_ids'], 'words'),
      ...pooled,
      node('MatMul', ['pooled', 'head'], 'logits'),
    ],
    initializers: [
      makeTensor('embedding', [rows, EXPORT_WIDTH], weights(rows * EXPORT_WIDTH, 0)),
      makeTensor('head', [EXPORT_WIDTH, logits], weights(EXPORT_WIDTH * logits, 3)),
      makeTensor('last', [1], new BigInt64Array([2n])),
      makeTensor('middle', [1], new BigInt64Array([1n])),
    ],
  };
}

const TOKENIZER = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: VOCABULARY.slice(0, 5).map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
    },
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(VOCABULARY.map((token, id) => [token, id])),
  },
};

const TOKENIZER_CONFIG = {
  tokenizer_class: 'BertTokenizer',
  model_max_length: 64,
  unk_token: '[UNK]',
  pad_token: { __type: 'AddedToken', content: '[PAD]' },
  cls_token: '[CLS]',
  sep_token: '[SEP]',
};

const CONFIG = {
  _name_or_path: 'someone/tiny-bert',
  architectures: ['BertForSequenceClassification'],
  model_type: 'bert',
  problem_type: 'single_label_classification',
  id2label: { 0: 'NEGATIVE', 1: 'POSITIVE' },
  max_position_embeddings: 512,
  pad_token_id: 0,
  vocab_size: VOCABULARY.length,
  transformers_version: '5.0.0',
};

/** Writes what transformers and Optimum write, for a model of a few kilobytes. */
export function writeTinyExport(folder: string, changes: ExportChanges = {}): ModelProto {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, content: object, change: object = {}): void => {
    writeFileSync(join(folder, name), JSON.stringify({ ...content, ...change }));
  };
  write('config.json', CONFIG, changes.config);
  write('tokenizer.json', TOKENIZER, changes.tokenizer);
  write('tokenizer_config.json', TOKENIZER_CONFIG, changes.tokenizerConfig);
  const small = classifier(changes);
  const model = makeModel({ opset: 18, ...(changes.graph?.(small) ?? small) });
  writeModelFile(join(folder, 'model.onnx'), model, changes.externalData);
  return model;
}
