import { StartError } from '../../base/errors/start-error.js';
import { parseJsonObject } from './json-object.js';

/** The fields that are read from a config.json of transformers. */
export interface ExportedConfig {
  readonly modelType: string | null;
  readonly architecture: string | null;
  /** `_name_or_path`, if it is a name and not a local path. */
  readonly baseModel: string | null;
  readonly problemType: string | null;
  /** In the order of the logits; null when id2label is absent. */
  readonly labels: readonly string[] | null;
  /** Tokens that positions are learnt for; null where they are relative or not said. */
  readonly maxPositions: number | null;
  /** Rows of the table of positions that no token uses, because positions are counted from the padding id + 1 on. */
  readonly unusedPositions: number;
  readonly padTokenId: number | null;
  readonly vocabSize: number | null;
  readonly transformersVersion: string | null;
  /** The data set that a training script of transformers names. */
  readonly finetuningTask: string | null;
  /** Written by a CrossEncoder of sentence-transformers, which compares two texts. */
  readonly isCrossEncoder: boolean;
}

/** Their positions are counted from the padding id + 1 on, so that many of the rows are never used. */
const POSITIONS_AFTER_PADDING =
  /^(roberta|xlm-roberta|xlm-roberta-xl|roberta-prelayernorm|camembert|mpnet|longformer|data2vec-text|ibert|xmod|luke)$/;

/** What sentence-transformers adds to config.json: before its release 4, and since. */
const CROSS_ENCODER_KEYS = ['sbert_ce_default_activation_function', 'sentence_transformers'];

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const countOf = (value: unknown): number | null =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : null;

/** @throws StartError when it cannot be read, or id2label is not a label per index */
export function readExportedConfig(contents: Uint8Array): ExportedConfig {
  const config = parseJsonObject('config.json', contents);
  const modelType = textOf(config.model_type);
  const padTokenId = countOf(config.pad_token_id);
  const positions = countOf(config.max_position_embeddings) ?? countOf(config.n_positions);
  const unused = POSITIONS_AFTER_PADDING.test(modelType ?? '') ? (padTokenId ?? 1) + 1 : 0;
  const name = textOf(config._name_or_path);
  const architectures: unknown = config.architectures;
  return {
    modelType,
    architecture: Array.isArray(architectures) ? textOf(architectures[0]) : null,
    baseModel: name !== null && /^[\w.-]+(\/[\w.-]+)?$/.test(name) && !name.startsWith('.') ? name : null,
    problemType: textOf(config.problem_type),
    labels: labelsOf(config.id2label),
    maxPositions: positions === null || positions === 0 ? null : positions - unused,
    unusedPositions: unused,
    padTokenId,
    vocabSize: countOf(config.vocab_size),
    transformersVersion: textOf(config.transformers_version),
    finetuningTask: textOf(config.finetuning_task),
    isCrossEncoder: CROSS_ENCODER_KEYS.some((key) => config[key] !== undefined),
  };
}

function labelsOf(id2label: unknown): string[] | null {
  if (typeof id2label !== 'object' || id2label === null) return null;
  const names = new Map(Object.entries(id2label));
  const labels = Array.from(names, (_, index) => textOf(names.get(String(index))));
  const whole = labels.filter((label) => label !== null);
  if (whole.length !== names.size) {
    throw new StartError(
      'config.json: id2label must name every label by its index, from "0" on, or be left out.',
    );
  }
  return whole;
}
